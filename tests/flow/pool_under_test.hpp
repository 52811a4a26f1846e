// A pool as the flow tests meet it: one isolate, its database and its upstream, with keys and a client token. When a test ends, the rules
// of the platform must have been kept.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_host.hpp"

namespace edgepool::test {

inline constexpr std::string_view kToken = "ep-client-token";
inline constexpr std::string_view kModel = "gpt-oss:120b";

inline std::string chat_body(std::string_view more = {}) {
    return "{\"model\":\"gpt-oss:120b\"," + std::string(more) + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
}

inline std::string key_name(int number) { return "key-number-" + std::to_string(number) + "-secret"; }

inline ClientRequest request_of(std::string_view method, std::string_view path, std::string body = {}, std::string_view token = kToken) {
    ClientRequest request;
    request.method = method;
    request.url = "https://pool.example" + std::string(path);
    request.body = std::move(body);
    if (!token.empty()) request.headers.add("authorization", "Bearer " + std::string(token));
    if (!request.body.empty()) request.headers.add("content-type", "application/json");
    return request;
}

inline ClientRequest chat() { return request_of("POST", "/v1/chat/completions", chat_body()); }
inline ClientRequest streamed_chat() { return request_of("POST", "/v1/chat/completions", chat_body("\"stream\":true,")); }
inline ClientRequest as_admin(std::string_view method, std::string_view path, std::string body = {}) {
    return request_of(method, path, std::move(body), kAdminToken);
}

inline ClientRequest leaving_after(double ms, ClientRequest request) {
    request.leaves_after_ms = ms;
    return request;
}

inline ClientRequest anthropic_chat() { return request_of("POST", "/v1/messages", chat_body("\"stream\":true,\"max_tokens\":9,")); }
inline ClientRequest native_chat() { return request_of("POST", "/api/chat", chat_body()); }

inline std::string joined(const std::vector<Piece>& pieces) {
    std::string text;
    for (const Piece& piece : pieces) text += piece.bytes;
    return text;
}

inline bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

struct Pool {
    explicit Pool(int keys = 3, const config::Variables& variables = configured()) : host(time, database, upstream, variables) {
        for (int i = 1; i <= keys; ++i) database.add_key(key_name(i));
        database.add_token(kToken);
    }
    ~Pool() {
        for (const std::string& fault : host.faults()) CHECK(fault == "");
    }

    // One request that goes well, and all that follows from it.
    void warm() {
        CHECK(host.ask(chat()).status == 200);
        time.run();
    }

    // A warm isolate whose upstream has seen nothing yet.
    void warm_up() {
        warm();
        upstream.seen().clear();
    }

    // Everything under way ends; what was counted is in the database afterwards.
    void settle() { time.run(); }

    VirtualTime time;
    FakeDatabase database;
    ScriptedUpstream upstream;
    FakeHost host;
};

}  // namespace edgepool::test
