#include "rewrite/upstream_request.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "support/catch.hpp"

using namespace edgepool;

namespace {

const Provider& provider(std::string_view id) { return *find_provider(id); }

config::ProviderConfig at(std::string_view base_url) {
    config::ProviderConfig config;
    config.base_url = base_url;
    return config;
}

Headers sent(const Headers& client, const config::ProviderConfig& config = {}) {
    return rewrite::upstream_headers(provider("openrouter"), config, client, "the-pools-key");
}

}  // namespace

TEST_CASE("the upstream URL is the base, the path as the provider has it, and the client's query") {
    CHECK(rewrite::upstream_url(provider("ollama"), at("https://a.example"), "/v1/chat/completions", "") == "https://a.example/v1/chat/completions");
    CHECK(rewrite::upstream_url(provider("ollama"), at("https://a.example/x"), "/api/chat", "q=%20&r") == "https://a.example/x/api/chat?q=%20&r");
    CHECK(rewrite::upstream_url(provider("openrouter"), at("https://b.example/api/v1"), "/v1/models", "") == "https://b.example/api/v1/models");
}

TEST_CASE("only headers on the list pass to the provider, and the pool's key takes the place of every credential") {
    const Headers headers = sent({{"authorization", "Bearer client"}, {"x-api-key", "client"}, {"cookie", "a=1"}, {"host", "pool"}, {"x-forwarded-for", "1.2.3.4"},
                                  {"cf-ray", "1"}, {"content-length", "5"}, {"content-type", "application/json"}, {"accept", "text/event-stream"},
                                  {"user-agent", "sdk/1"}, {"anthropic-beta", "x"}, {"openai-beta", "y"}, {"x-stainless-lang", "js"}, {"idempotency-key", "i"},
                                  {"proxy-authorization", "secret"}, {"accept-encoding", "br"}});
    for (const char* name : {"x-api-key", "cookie", "host", "x-forwarded-for", "cf-ray", "content-length", "proxy-authorization", "accept-encoding"}) {
        CAPTURE(name);
        CHECK_FALSE(headers.has(name));
    }
    for (const char* name : {"content-type", "accept", "user-agent", "anthropic-beta", "openai-beta", "x-stainless-lang", "idempotency-key"}) {
        CAPTURE(name);
        CHECK(headers.has(name));
    }
    int credentials = 0;
    for (const auto& [name, value] : headers.fields()) credentials += name == "authorization" ? 1 : 0;
    CHECK(credentials == 1);
    CHECK(headers.get("authorization") == "Bearer the-pools-key");
}

TEST_CASE("a provider's own headers pass to that provider only") {
    const Headers client{{"x-openrouter-experiment", "1"}};
    CHECK(sent(client).has("x-openrouter-experiment"));
    CHECK_FALSE(rewrite::upstream_headers(provider("ollama"), {}, client, "k").has("x-openrouter-experiment"));
}

TEST_CASE("a header value that no platform would send on is left out") {
    const Headers headers = sent({{"user-agent", "caf\xC3\xA9"}, {"accept", "a\r\nx-evil: 1"}, {"x-title", "plain\ttext"}});
    CHECK_FALSE(headers.has("user-agent"));
    CHECK_FALSE(headers.has("accept"));
    CHECK(headers.get("x-title") == "plain\ttext");
}

TEST_CASE("the operator's attribution is added only where the client sent none") {
    config::ProviderConfig config;
    config.attribution = {{"http-referer", "https://ours.example"}, {"x-title", "Ours"}};
    const Headers headers = sent({{"x-title", "Theirs"}}, config);
    CHECK(headers.get("x-title") == "Theirs");
    CHECK(headers.get("http-referer") == "https://ours.example");
}

TEST_CASE("answers lose what belongs to the connection or names the upstream account") {
    for (const Provider& row : providers()) {
        const std::string wire = rewrite::removed_response_headers(row);
        const std::vector<std::string_view> names = split(wire, '\0');
        const auto removes = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
        for (const char* name : {"connection", "transfer-encoding", "content-length", "content-encoding", "set-cookie", "server"}) CHECK(removes(name));
        for (const std::string_view name : row.hidden_response_headers) CHECK(removes(name));
        for (const char* name : {"content-type", "retry-after", "x-ratelimit-remaining", "x-generation-id"}) CHECK_FALSE(removes(name));
        CHECK(names.back().empty());
    }
}

TEST_CASE("the headers that verdicts go by are asked for") {
    const std::vector<std::string_view> names = split(rewrite::consulted_response_headers(), '\0');
    for (const char* name : {"content-type", "retry-after", "x-ratelimit-reset"}) CHECK(std::find(names.begin(), names.end(), name) != names.end());
    for (const std::string_view name : names) CHECK(name == ascii_lower(name));
}
