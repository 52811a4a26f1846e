#include <string>

#include "base/limits.hpp"
#include "json/dom.hpp"
#include "support/catch.hpp"
#include "usage/usage.hpp"

using namespace edgepool;
using namespace edgepool::usage;

namespace {

Usage usage_from_answer(Dialect dialect, std::string_view body) { return read_whole_answer(dialect, body).usage; }
std::optional<std::string> error_in_answer(Dialect dialect, std::string_view body) { return read_whole_answer(dialect, body).error; }
std::uint64_t text_bytes_of_answer(std::string_view body) { return read_whole_answer(Dialect::openai, body).text_bytes; }

}  // namespace

TEST_CASE("a chat completion reports its tokens and cost") {
    const Usage usage = usage_from_answer(Dialect::openai, R"({"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"\"usage\": no"}}],
        "usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"cost":0.00001995,
                 "prompt_tokens_details":{"cached_tokens":64,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":7}}})");
    CHECK(usage.prompt == 100);
    CHECK(usage.completion == 20);
    CHECK(usage.cached == 64);
    CHECK(usage.reasoning == 7);
    CHECK(usage.cost_nano == 19'950);
    CHECK(usage.reported);
    CHECK_FALSE(usage.estimated);
}

TEST_CASE("embeddings report their prompt alone") {
    const Usage usage = usage_from_answer(Dialect::openai, R"({"object":"list","data":[{"embedding":[0.1,-2e-3]}],"usage":{"prompt_tokens":8,"total_tokens":8}})");
    CHECK(usage == Usage{8, 0, 0, 0, 0, true, false});
}

TEST_CASE("the Responses API's names are understood") {
    const Usage usage = usage_from_answer(Dialect::openai, R"({"object":"response","error":null,"usage":{"input_tokens":30,"input_tokens_details":{"cached_tokens":10},
        "output_tokens":5,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":35}})");
    CHECK(usage == Usage{30, 5, 10, 2, 0, true, false});
}

TEST_CASE("anthropic's cached tokens are made part of the prompt") {
    const Usage usage = usage_from_answer(Dialect::anthropic, R"({"type":"message","usage":{"input_tokens":10,"cache_creation_input_tokens":300,"cache_read_input_tokens":2000,"output_tokens":50}})");
    CHECK(usage == Usage{2310, 50, 2000, 0, 0, true, false});
}

TEST_CASE("ollama's own answers count in their own words") {
    CHECK(usage_from_answer(Dialect::ollama, R"({"message":{"content":"x"},"done":true,"prompt_eval_count":12,"eval_count":34})") == Usage{12, 34, 0, 0, 0, true, false});
    CHECK(usage_from_answer(Dialect::ollama, R"({"embeddings":[[1]],"prompt_eval_count":5})") == Usage{5, 0, 0, 0, 0, true, false});
}

TEST_CASE("an answer without usage reports none") {
    for (const std::string_view body : {"", "<html>", "[]", "{}", R"({"usage":null})", R"({"usage":[]})", R"({"usage":{}})", R"({"message":{"usage":{"input_tokens":1}}})"}) {
        INFO(body);
        CHECK(usage_from_answer(Dialect::openai, body) == Usage{});
    }
    CHECK(usage_from_answer(Dialect::ollama, R"({"usage":{"prompt_tokens":1}})") == Usage{});
}

TEST_CASE("figures that make no sense are not taken") {
    const Usage usage = usage_from_answer(Dialect::openai, R"({"usage":{"prompt_tokens":-5,"completion_tokens":"9","cost":-1,"prompt_tokens_details":null,"completion_tokens_details":{"reasoning_tokens":1e99}}})");
    CHECK(usage == Usage{0, 0, 0, 1'000'000'000'000'000, 0, true, false});
}

TEST_CASE("an estimate is four bytes a token, rounded up, and says that it is one") {
    CHECK(estimate(0, 0) == Usage{0, 0, 0, 0, 0, false, true});
    CHECK(estimate(4, 5) == Usage{1, 2, 0, 0, 0, false, true});
    CHECK(estimate(4001, 1) == Usage{1001, 1, 0, 0, 0, false, true});
}

TEST_CASE("generated text is measured wherever a dialect keeps it") {
    CHECK(text_bytes_of_answer(R"({"choices":[{"message":{"content":"12345","reasoning":"678","reasoning_details":[{"text":"678"}],"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]})") == 10);
    CHECK(text_bytes_of_answer(R"({"choices":[{"text":"1234"}]})") == 4);
    CHECK(text_bytes_of_answer(R"({"type":"message","content":[{"type":"text","text":"123"},{"type":"thinking","thinking":"4567"}]})") == 7);
    CHECK(text_bytes_of_answer(R"({"object":"response","output":[{"content":[{"type":"output_text","text":"12"}]}]})") == 2);
    CHECK(text_bytes_of_answer(R"({"response":"123456"})") == 6);
    CHECK(text_bytes_of_answer("no JSON") == 0);
}

TEST_CASE("an error under a success status is found and can be judged like an error body") {
    CHECK(error_in_answer(Dialect::openai, R"({"error":{"message":"x","code":502}})") == R"({"error":{"message":"x","code":502}})");
    CHECK(error_in_answer(Dialect::openai, R"({"id":"1","choices":[],"error": "text"})") == R"({"error":"text"})");
    CHECK(error_in_answer(Dialect::ollama, R"({"error":"model broke"})") == R"({"error":"model broke"})");
    CHECK(error_in_answer(Dialect::anthropic, R"({"type":"error","error":{"type":"overloaded_error","message":"m"}})") == R"({"error":{"type":"overloaded_error","message":"m"}})");
    CHECK(error_in_answer(Dialect::openai, R"({"type":"error","message":"m"})") == R"({"error":{"type":"error","message":"m"}})");
}

TEST_CASE("a choice that ended with an error is an error") {
    CHECK(error_in_answer(Dialect::openai, R"({"choices":[{"index":0,"finish_reason":"stop"},{"finish_reason":"error","error":{"code":502},"message":{"content":"partial"}}]})") ==
          R"({"error":{"code":502}})");
    CHECK(error_in_answer(Dialect::openai, R"({"choices":[{"finish_reason":"error"}]})").value().find("finish_reason") != std::string::npos);
}

TEST_CASE("what only looks like an error is none") {
    for (const std::string_view body : {R"({"error":null})", R"({"error":false})", R"({"error":""})", R"({"choices":[{"message":{"content":"\"error\":1"},"finish_reason":"stop"}]})",
                                        R"({"choices":[{"message":{"error":1,"finish_reason":"error"}}]})", R"({"data":{"error":1}})", "<html>", ""}) {
        INFO(body);
        CHECK_FALSE(error_in_answer(Dialect::openai, body));
    }
    CHECK_FALSE(error_in_answer(Dialect::anthropic, R"({"type":"message","content":[{"type":"tool_use","input":{"finish_reason":"error","error":"x"}}]})"));
}

TEST_CASE("a huge error is clipped and still JSON") {
    const auto error = error_in_answer(Dialect::openai, R"({"error":{"message":")" + std::string(1u << 20, 'x') + R"("}})");
    REQUIRE(error);
    CHECK(error->size() < limits::kMaxErrorBodyBytes + 100);
    CHECK(json::parse(*error));
}
