#include "app/router.hpp"

#include "support/catch.hpp"

using namespace edgepool;
using app::Handler;
using app::route;
using app::RouteError;

namespace {

std::string provider_of(std::string_view path) {
    const auto routing = route("POST", path);
    return routing.match.provider == nullptr ? "" : std::string(routing.match.provider->id);
}

}  // namespace

TEST_CASE("a client route names its provider by prefix, or means the default one") {
    CHECK(provider_of("/v1/chat/completions") == "ollama");
    CHECK(provider_of("/ollama/v1/chat/completions") == "ollama");
    CHECK(provider_of("/openrouter/v1/chat/completions") == "openrouter");
    CHECK(provider_of("/openrouterx/v1/chat/completions").empty());
    CHECK(provider_of("/Ollama/v1/chat/completions").empty());
    CHECK(route("POST", "/openrouter/v1/messages").match.path == "/v1/messages");
}

TEST_CASE("every client route is served in its own dialect") {
    const auto [method, path, handler, dialect] = GENERATE(table<const char*, const char*, Handler, Dialect>({
        {"POST", "/v1/chat/completions", Handler::generate, Dialect::openai},
        {"POST", "/v1/completions", Handler::generate, Dialect::openai},
        {"POST", "/v1/embeddings", Handler::generate, Dialect::openai},
        {"POST", "/v1/responses", Handler::generate, Dialect::responses},
        {"GET", "/v1/models", Handler::models, Dialect::openai},
        {"HEAD", "/v1/models", Handler::models, Dialect::openai},
        {"GET", "/v1/models/a", Handler::passthrough, Dialect::openai},
        {"POST", "/v1/messages", Handler::generate, Dialect::anthropic},
        {"POST", "/api/chat", Handler::generate, Dialect::ollama},
        {"POST", "/api/generate", Handler::generate, Dialect::ollama},
        {"POST", "/api/embed", Handler::generate, Dialect::ollama},
        {"POST", "/api/embeddings", Handler::generate, Dialect::ollama},
        {"POST", "/api/show", Handler::generate, Dialect::ollama},
        {"GET", "/api/tags", Handler::passthrough, Dialect::ollama},
        {"GET", "/api/version", Handler::passthrough, Dialect::ollama},
    }));
    CAPTURE(method, path);
    const auto routing = route(method, path);
    CHECK(routing.error == RouteError::none);
    CHECK(routing.match.handler == handler);
    CHECK(routing.dialect == dialect);
    CHECK(routing.is_public);
    CHECK(routing.match.streams_by_default == (std::string_view(path) == "/api/chat" || std::string_view(path) == "/api/generate"));
}

TEST_CASE("the native routes are only there where the provider speaks them") {
    CHECK(route("POST", "/ollama/api/chat").error == RouteError::none);
    CHECK(route("POST", "/openrouter/api/chat").error == RouteError::not_found);
}

TEST_CASE("public and administration routes are told apart") {
    CHECK(route("GET", "/").match.handler == Handler::home);
    CHECK(route("GET", "/health").is_public);
    CHECK(route("GET", "/admin/public-stats").is_public);
    CHECK_FALSE(route("GET", "/admin/stats").is_public);
    CHECK_FALSE(route("GET", "/admin/nothing").is_public);
    CHECK(route("GET", "/admin/stats").match.handler == Handler::admin_stats);
    CHECK(route("POST", "/admin/api-keys/import").match.handler == Handler::keys_import);
    CHECK(route("POST", "/admin/client-tokens").match.handler == Handler::tokens_create);
}

TEST_CASE("the variable last part of a path is decoded for us and passed as sent to the provider") {
    const auto removed = route("DELETE", "/admin/api-keys/a%2Fb%20c");
    CHECK(removed.match.handler == Handler::keys_remove);
    CHECK(removed.match.parameter == "a/b c");
    CHECK(route("GET", "/v1/models/x%2Fy").match.path == "/v1/models/x%2Fy");
    CHECK(route("GET", "/v1/models/x/y").match.parameter == "x/y");
    CHECK(route("GET", "/v1/models/").error == RouteError::not_found);
}

TEST_CASE("a variable part that steps out of the provider's routes is not found, however it is spelt") {
    for (const char* part : {"..", ".", "../keys", "a/../../keys", "..\\..\\api", "%2e%2e", "%2E./keys", "..%2fkeys", "..%5ckeys", "a/..", "./a", "a\\.\\b"}) {
        CAPTURE(part);
        CHECK(route("GET", "/v1/models/" + std::string(part)).error == RouteError::not_found);
        CHECK(route("GET", "/openrouter/v1/models/" + std::string(part)).error == RouteError::not_found);
    }
    for (const char* part : {"...", "a..b", "..a", "vendor/model:free", "qwen3.5", "a.b/c.d", "%2e%2ea"}) {
        CAPTURE(part);
        CHECK(route("GET", "/v1/models/" + std::string(part)).error == RouteError::none);
    }
}

TEST_CASE("a wrong method names those that the path takes") {
    const auto routing = route("PUT", "/admin/api-keys");
    CHECK(routing.error == RouteError::method_not_allowed);
    CHECK(routing.allowed == std::vector<std::string_view>{"GET", "POST", "DELETE"});
    CHECK(route("GET", "/v1/messages").dialect == Dialect::anthropic);
    CHECK(route("GET", "/v1/messages").allowed == std::vector<std::string_view>{"POST"});
    CHECK(route("get", "/health").error == RouteError::method_not_allowed);
}

TEST_CASE("what is not there is not found, in the dialect of its neighbours") {
    for (const char* path : {"", "//", "/v1", "/v1/chat/completions/", "/V1/chat/completions", "/v1//chat/completions", "/v1/../health", "/ollama", "/ollama/"}) {
        CAPTURE(path);
        CHECK(route("POST", path).error == RouteError::not_found);
        CHECK(route("POST", path).match.provider == nullptr);
    }
    CHECK(route("POST", "/v1/nothing").dialect == Dialect::openai);
    CHECK(route("POST", "/openrouter/v1/nothing").dialect == Dialect::openai);
    CHECK(route("POST", "/api/nothing").dialect == Dialect::ollama);
    CHECK(route("POST", "/nothing").dialect == Dialect::admin);
}
