// What clients get wrong, and what must never pass: each answered in the caller's dialect, none of it reaching a key.
#include "base/limits.hpp"
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

ClientRequest chat_with(std::string body) { return request_of("POST", "/v1/chat/completions", std::move(body)); }

void require_refused(const ClientAnswer& answer, int status, std::string_view code) {
    CHECK(answer.status == status);
    CHECK(answer.ended);
    CHECK(has(answer.body, "\"code\":\"" + std::string(code) + "\""));
    CHECK(answer.headers.has("x-request-id"));
    CHECK(answer.headers.get("access-control-allow-origin") == "*");
    CHECK(answer.upstream_calls == 0);
    if (status == 429 || status == 503) CHECK(answer.headers.has("retry-after"));
}

}  // namespace

TEST_CASE("bad JSON is answered with the byte at which it goes wrong") {
    Pool pool;
    const auto [body, byte] = GENERATE(table<const char*, const char*>(
        {{"", "byte 0"}, {"not json", "byte 0"}, {"{\"model\":\"m\",}", "byte 13"}, {"{\"model\":\"m\"} x", "byte 14"}, {"{\"model\":\"m", "byte 9"}}));
    CAPTURE(body);
    const ClientAnswer& answer = pool.host.ask(chat_with(body));
    require_refused(answer, 400, "bad_json");
    CAPTURE(answer.body);
    CHECK(has(answer.body, byte));
}

TEST_CASE("a body without a model, or with members of the wrong type, is refused") {
    Pool pool;
    const auto [body, code] = GENERATE(table<const char*, const char*>({{"{}", "missing_model"},
                                                                        {"{\"messages\":[]}", "missing_model"},
                                                                        {"{\"model\":\"\"}", "missing_model"},
                                                                        {"{\"model\":7}", "bad_request"},
                                                                        {"{\"model\":null}", "bad_request"},
                                                                        {"{\"model\":[\"m\"]}", "bad_request"},
                                                                        {"{\"model\":\"m\\u0000\"}", "bad_request"},
                                                                        {"{\"model\":\"m\",\"stream\":\"yes\"}", "bad_request"},
                                                                        {"[]", "bad_json"},
                                                                        {"\"text\"", "bad_json"},
                                                                        {"7", "bad_json"}}));
    CAPTURE(body);
    const ClientAnswer& answer = pool.host.ask(chat_with(body));
    require_refused(answer, 400, code);
}

TEST_CASE("a model's name may be as long as its bound, not longer") {
    Pool pool;
    const auto body = [](std::size_t length) { return "{\"model\":\"" + std::string(length, 'm') + "\"}"; };
    CHECK(pool.host.ask(chat_with(body(limits::kMaxModelBytes))).status == 200);
    require_refused(pool.host.ask(chat_with(body(limits::kMaxModelBytes + 1))), 400, "bad_request");
}

TEST_CASE("JSON may nest as deep as its bound, not deeper") {
    Pool pool;
    const auto body = [](std::size_t depth) { return "{\"model\":\"m\",\"x\":" + std::string(depth, '[') + std::string(depth, ']') + "}"; };
    CHECK(pool.host.ask(chat_with(body(limits::kMaxJsonDepth - 1))).status == 200);
    require_refused(pool.host.ask(chat_with(body(limits::kMaxJsonDepth))), 400, "bad_json");
}

TEST_CASE("a body may be as large as MAX_BODY_BYTES, not larger") {
    Pool pool(1, configured({{"MAX_BODY_BYTES", "2000"}}));
    std::string body = chat_body();
    body.insert(1, "\"x\":\"" + std::string(2000 - body.size() - 7, 'x') + "\",");
    while (body.size() < 2000) body += ' ';
    REQUIRE(body.size() == 2000);
    CHECK(pool.host.ask(chat_with(body)).status == 200);
    require_refused(pool.host.ask(chat_with(body + " ")), 413, "body_too_large");
    ClientRequest announced = chat();
    announced.headers.set("content-length", "2001");
    announced.body_fate = ClientRequest::Body::stalls;
    const ClientAnswer& answer = pool.host.ask(announced);
    require_refused(answer, 413, "body_too_large");
    CHECK(answer.answered_ms == answer.began_ms);
}

TEST_CASE("a body that does not arrive, or breaks off, is answered") {
    Pool pool;
    ClientRequest request = chat();
    SECTION("it stalls") {
        request.body_fate = ClientRequest::Body::stalls;
        require_refused(pool.host.ask(request), 408, "request_timeout");
    }
    SECTION("it breaks off") {
        request.body_fate = ClientRequest::Body::breaks;
        require_refused(pool.host.ask(request), 400, "body_unreadable");
    }
}

TEST_CASE("header bombs are refused before anything else is looked at") {
    Pool pool;
    ClientRequest request = chat();
    SECTION("too many bytes") { request.headers.add("x-bomb", std::string(limits::kMaxHeaderBytes, 'x')); }
    SECTION("too many headers") {
        for (std::size_t i = 0; i <= limits::kMaxHeaders; ++i) request.headers.add("x-" + std::to_string(i), "1");
    }
    SECTION("too long a URL") { request.url += "?" + std::string(limits::kMaxUrlBytes, 'x'); }
    const ClientAnswer& answer = pool.host.ask(request);
    CHECK(answer.status == 431);
    CHECK(has(answer.body, "\"code\":\"headers_too_large\""));
    CHECK(pool.database.calls().empty());
}

TEST_CASE("no token, a wrong one and one beyond its bound are 401") {
    Pool pool;
    require_refused(pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), "")), 401, "missing_token");
    require_refused(pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), "wrong")), 401, "invalid_token");
    ClientRequest basic = request_of("POST", "/v1/chat/completions", chat_body(), "");
    basic.headers.add("authorization", "Basic " + std::string(kToken));
    const ClientAnswer& answer = pool.host.ask(basic);
    require_refused(answer, 401, "missing_token");
    CHECK(answer.headers.get("www-authenticate") == "Bearer");
    const std::size_t calls = pool.database.calls().size();
    require_refused(pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), std::string(limits::kMaxTokenBytes + 1, 't'))), 401,
                    "invalid_token");
    CHECK(pool.database.calls().size() == calls);
}

TEST_CASE("a token in x-api-key is as good, and Authorization comes first") {
    Pool pool;
    ClientRequest request = request_of("POST", "/v1/messages", chat_body(), "");
    request.headers.add("x-api-key", kToken);
    CHECK(pool.host.ask(request).status == 200);
    request.headers.add("authorization", "Bearer wrong");
    CHECK(pool.host.ask(request).status == 401);
}

TEST_CASE("errors keep the caller's dialect") {
    Pool pool;
    CHECK(has(pool.host.ask(request_of("POST", "/v1/chat/completions", "{}")).body, "{\"error\":{\"message\":"));
    CHECK(has(pool.host.ask(request_of("POST", "/v1/messages", "{}")).body, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\""));
    CHECK(has(pool.host.ask(request_of("POST", "/api/chat", "{}")).body, "{\"error\":\"the request body names no model\""));
    CHECK(has(pool.host.ask(as_admin("POST", "/admin/tokens", "{}")).body, "{\"error\":\"name must"));
}

TEST_CASE("a wrong method is 405 with Allow, an unknown path is 404") {
    Pool pool;
    const ClientAnswer& wrong = pool.host.ask(request_of("GET", "/v1/chat/completions"));
    require_refused(wrong, 405, "method_not_allowed");
    CHECK(wrong.headers.get("allow") == "POST");
    CHECK(pool.host.ask(request_of("DELETE", "/v1/models")).headers.get("allow") == "GET");
    require_refused(pool.host.ask(request_of("POST", "/v1/nothing", "{}")), 404, "not_found");
    require_refused(pool.host.ask(request_of("POST", "/nobody/v1/chat/completions", chat_body())), 404, "not_found");
    CHECK(pool.host.ask(request_of("POST", "/openrouter/api/chat", chat_body())).status == 404);
}

TEST_CASE("a preflight is answered without a token") {
    Pool pool;
    ClientRequest request = request_of("OPTIONS", "/v1/chat/completions", {}, "");
    request.headers.add("access-control-request-headers", "authorization, x-custom");
    const ClientAnswer& answer = pool.host.ask(request);
    CHECK(answer.status == 204);
    CHECK(answer.headers.get("access-control-allow-origin") == "*");
    CHECK(answer.headers.get("access-control-allow-headers") == "authorization, x-custom");
    CHECK(pool.database.calls().empty());
}

TEST_CASE("the body and the query reach the provider byte for byte, with the pool's key and without the client's secrets") {
    Pool pool(1);
    const std::string body = "{ \"messages\" : [ ] ,\n\t\"big\":123456789012345678901234567890, \"model\":\"gpt-oss:120b\" , \"model\" : \"gpt-oss:120b\" }\n";
    ClientRequest request = request_of("POST", "/v1/chat/completions?a=%20b&c", body);
    request.headers.add("cookie", "session=1");
    request.headers.add("x-forwarded-for", "10.0.0.1");
    request.headers.add("cf-connecting-ip", "10.0.0.1");
    request.headers.add("anthropic-version", "2023-06-01");
    CHECK(pool.host.ask(request).status == 200);
    const Seen& seen = pool.upstream.seen()[0];
    CHECK(seen.body == body);
    CHECK(seen.url == "https://first.example/v1/chat/completions?a=%20b&c");
    CHECK(seen.key == key_name(1));
    CHECK(seen.headers.get("anthropic-version") == "2023-06-01");
    for (const auto& [name, value] : seen.headers.fields()) {
        CAPTURE(name, value);
        CHECK_FALSE(has(value, kToken));
        CHECK(name != "cookie");
        CHECK(name != "x-forwarded-for");
        CHECK(name != "cf-connecting-ip");
    }
}

TEST_CASE("no secret appears in a URL, a log line, an answer or a header of one") {
    Pool pool(3);
    pool.upstream.in_order({refusal(401, "the key " + key_name(1) + " " + key_name(2) + " " + key_name(3) + " is not valid"), refusal(500), unreachable()});
    std::vector<const ClientAnswer*> answers = {&pool.host.ask(chat()), &pool.host.ask(as_admin("GET", "/admin/api-keys")),
                                                &pool.host.ask(as_admin("GET", "/admin/tokens")), &pool.host.ask(request_of("GET", "/health")),
                                                &pool.host.ask(request_of("GET", "/admin/public-stats"))};
    pool.settle();
    pool.database.trouble = FakeDatabase::Trouble::down;
    answers.push_back(&pool.host.ask(chat()));
    pool.settle();
    std::vector<std::string> visible(pool.host.log());
    for (const ClientAnswer* answer : answers) {
        visible.push_back(answer->body);
        visible.push_back(answer->headers.to_wire());
    }
    for (const Seen& seen : pool.upstream.seen()) visible.push_back(seen.url);
    const std::vector<std::string> secrets = {key_name(1), key_name(2), key_name(3), std::string(kToken), std::string(kAdminToken), "sb_secret_of_the_database"};
    for (const std::string& text : visible) {
        for (const std::string& secret : secrets) {
            CAPTURE(text, secret);
            CHECK_FALSE(has(text, secret));
        }
    }
}

TEST_CASE("what the provider's answer says about the connection or the account does not reach the client") {
    Pool pool(1);
    pool.upstream.by_default(
        chat_answer().with("set-cookie", "a=1").with("connection", "close").with("x-ollama-user", "alice").with("x-generation-id", "g1"));
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK_FALSE(answer.headers.has("set-cookie"));
    CHECK_FALSE(answer.headers.has("connection"));
    CHECK_FALSE(answer.headers.has("content-length"));
    CHECK_FALSE(answer.headers.has("x-ollama-user"));
    CHECK(answer.headers.get("x-generation-id") == "g1");
    CHECK(answer.headers.get("x-pool-key").size() == 8);
}

TEST_CASE("a web page under status 200 passes untouched, whether a stream was asked for or not, and nothing hangs") {
    Pool pool;
    pool.warm_up();
    const Reply page = json_reply(200, "<!doctype html><html><body>Just a moment...</body></html>").with("content-type", "text/html");
    pool.upstream.by_default(page);
    for (const ClientRequest& request : {chat(), streamed_chat(), anthropic_chat(), native_chat()}) {
        const ClientAnswer& answer = pool.host.ask(request);
        CHECK(answer.status == 200);
        CHECK(answer.ended);
        CHECK(answer.body == joined(page.pieces));
        CHECK(answer.headers.get("content-type") == "text/html");
    }
    pool.settle();
    CHECK(pool.database.totals().requests == 5);
}
