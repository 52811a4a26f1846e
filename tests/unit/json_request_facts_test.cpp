#include "json/request_facts.hpp"

#include <string>

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using namespace edgepool::json;

namespace {

std::string refused_param(std::string_view body) {
    const auto facts = read_request_facts(body);
    REQUIRE_FALSE(facts);
    CHECK(facts.error().code == ErrorCode::bad_request);
    return facts.error().param;
}

std::string body_with_model(std::string_view model) { return "{\"model\":\"" + std::string(model) + "\"}"; }

}  // namespace

TEST_CASE("the facts of an ordinary request") {
    const std::string_view body = R"({"messages":[{"role":"user","content":"hi"}],"stream":true,"model":"gpt-oss:20b","stream_options":{"include_usage":true}})";
    const auto facts = read_request_facts(body);
    REQUIRE(facts);
    CHECK(facts->model == "gpt-oss:20b");
    REQUIRE(facts->model_values.size() == 1);
    CHECK(facts->model_values[0].in(body) == "\"gpt-oss:20b\"");
    CHECK(facts->stream == true);
    CHECK(facts->include_usage == true);
    CHECK(facts->stream_options.in(body) == "{\"include_usage\":true}");
    CHECK(facts->object.in(body) == body);
    CHECK_FALSE(facts->empty);
}

TEST_CASE("what is absent is absent") {
    const auto facts = read_request_facts("{}");
    REQUIRE(facts);
    CHECK(facts->model.empty());
    CHECK(facts->model_values.empty());
    CHECK_FALSE(facts->stream);
    CHECK_FALSE(facts->include_usage);
    CHECK(facts->stream_options.end == 0);
    CHECK(facts->empty);
}

TEST_CASE("the last of several members counts") {
    const auto facts = read_request_facts(R"({"model":7,"model":"a","stream":true,"model":"b","stream":false,"stream_options":{"include_usage":true},
        "stream_options":{"include_usage":true,"include_usage":false}})");
    REQUIRE(facts);
    CHECK(facts->model == "b");
    CHECK(facts->model_values.size() == 3);
    CHECK(facts->stream == false);
    CHECK(facts->include_usage == false);
}

TEST_CASE("members of nested objects are not the request's") {
    const auto facts = read_request_facts(R"({"metadata":{"model":"inner","stream":true},"tools":[{"model":"inner"}]})");
    REQUIRE(facts);
    CHECK(facts->model.empty());
    CHECK_FALSE(facts->stream);
}

TEST_CASE("escapes in the model's key and name are decoded") {
    CHECK(read_request_facts(R"({"\u006dodel":"caf\u00e9\/x"})")->model == "caf\xC3\xA9/x");
    CHECK(read_request_facts(body_with_model("a\xffz"))->model == "a\xEF\xBF\xBDz");
    CHECK(read_request_facts(body_with_model("\\ud800"))->model == "\xEF\xBF\xBD");
}

TEST_CASE("a model that is not a string is refused by name") {
    for (const std::string_view value : {"1", "null", "true", "[]", "{}"}) {
        CHECK(refused_param("{\"model\":" + std::string(value) + "}") == "model");
    }
}

TEST_CASE("a model's name is taken up to the limit and refused one past it") {
    const std::size_t limit = limits::kMaxModelBytes;
    CHECK(read_request_facts(body_with_model(std::string(limit, 'm')))->model.size() == limit);
    CHECK(refused_param(body_with_model(std::string(limit + 1, 'm'))) == "model");
    CHECK(refused_param(body_with_model(std::string(1'000'000, 'm'))) == "model");
    std::string escaped;
    for (std::size_t i = 0; i < limit; ++i) escaped += "\\u006d";
    CHECK(read_request_facts(body_with_model(escaped))->model.size() == limit);
    CHECK(refused_param(body_with_model(escaped + "\\u006d")) == "model");
}

TEST_CASE("a control character in the model's name is refused, since no counter could be kept under it") {
    for (const std::string_view name : {"a\\u0000b", "\\n", "\\u001f", "\\u007f"}) CHECK(refused_param(body_with_model(name)) == "model");
}

TEST_CASE("a model under two spellings is refused, since readers that ignore case would take the other one") {
    CHECK(refused_param(R"({"model":"a","MODEL":"b"})") == "model");
    CHECK(refused_param(R"({"Model":"b","model":"a"})") == "model");
    CHECK(refused_param(R"({"model":"a","mo\u0044el":"b"})") == "model");
    CHECK(read_request_facts(R"({"Model":"b"})")->model.empty());
    CHECK(read_request_facts(R"({"model":"a","models":["b"],"mode":"c"})")->model == "a");
}

TEST_CASE("stream may be true, false or null and nothing else") {
    CHECK(read_request_facts(R"({"stream":true})")->stream == true);
    CHECK(read_request_facts(R"({"stream":false})")->stream == false);
    CHECK_FALSE(read_request_facts(R"({"stream":null})")->stream);
    for (const std::string_view value : {"1", "\"true\"", "[]", "{}"}) {
        CHECK(refused_param("{\"stream\":" + std::string(value) + "}") == "stream");
    }
}

TEST_CASE("stream options of another shape are left to the upstream") {
    for (const std::string_view value : {"null", "1", "[]", "{}", "{\"include_usage\":1}", "{\"include_usage\":null}"}) {
        const auto facts = read_request_facts("{\"stream_options\":" + std::string(value) + "}");
        REQUIRE(facts);
        CHECK_FALSE(facts->include_usage);
        CHECK(facts->stream_options.end != 0);
    }
}

TEST_CASE("bad JSON is refused with its place") {
    const auto facts = read_request_facts(R"({"model":"a",})");
    REQUIRE_FALSE(facts);
    CHECK(facts.error().code == ErrorCode::bad_json);
    CHECK(facts.error().detail == "bad JSON at byte 13: a member's name is expected");
}

TEST_CASE("a body of nothing but models is refused before it fills the memory") {
    std::string body = "{\"model\":\"m\"";
    for (std::size_t i = 1; i < kMaxFoundMembers; ++i) body += ",\"model\":\"m\"";
    CHECK(read_request_facts(body + "}")->model_values.size() == kMaxFoundMembers);
    CHECK_FALSE(read_request_facts(body + ",\"model\":\"m\"}"));
}

TEST_CASE("members that are watched are found in any case, however escaped, unless they are null or further down") {
    static constexpr std::string_view kWatched[] = {"models", "fallbacks"};
    const auto watched = [](std::string_view members) { return read_request_facts("{\"model\":\"a\"" + std::string(members) + "}", kWatched)->watched; };
    using Names = std::vector<std::string_view>;
    CHECK(watched("") == Names{});
    CHECK(watched(R"(,"models":["b"])") == Names{"models"});
    CHECK(watched(R"(,"MoDeLs":"b","models":["c"])") == Names{"models"});
    CHECK(watched(R"(,"\u006dodels":[])") == Names{"models"});
    CHECK(watched(R"(,"Fallbacks":[{"model":"b"}],"models":1)") == Names{"fallbacks", "models"});
    CHECK(watched(R"(,"models":null,"models":["b"])") == Names{"models"});
    CHECK(watched(R"(,"models":null,"fallback":1,"metadata":{"models":["b"]})") == Names{});
    CHECK(read_request_facts(R"({"model":"a","models":["b"]})")->watched.empty());
}
