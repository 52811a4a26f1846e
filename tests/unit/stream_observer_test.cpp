#include "stream/observer.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace edgepool;
using edgepool::stream::StreamObserver;
using edgepool::usage::Usage;

namespace {

StreamObserver observed(Dialect dialect, bool sse, std::string_view text) {
    StreamObserver observer(dialect, sse);
    observer.push(text);
    observer.finish();
    return observer;
}

StreamObserver openai(std::string_view text) { return observed(Dialect::openai, true, text); }
StreamObserver anthropic(std::string_view text) { return observed(Dialect::anthropic, true, text); }
StreamObserver ollama(std::string_view text) { return observed(Dialect::ollama, false, text); }

const std::string kChat =
    ": OPENROUTER PROCESSING\n\n"
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\"},\"finish_reason\":null}],\"usage\":null}\n\n"
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":null}]}\n\n"
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"cost\":0.0012,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n"
    "data: [DONE]\n\n";

const std::string kMessages =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":25,\"cache_read_input_tokens\":5,"
    "\"cache_creation_input_tokens\":10,\"output_tokens\":1}}}\n\n"
    "event: ping\ndata: {\"type\": \"ping\"}\n\n"
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n"
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

const std::string kResponses =
    "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"usage\":null,\"error\":null}}\n\n"
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hey\"}\n\n"
    "event: response.output_text.done\ndata: {\"type\":\"response.output_text.done\",\"text\":\"Hey\"}\n\n"
    "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"error\":null,\"output\":[{\"content\":[{\"text\":\"Hey\"}]}],"
    "\"usage\":{\"input_tokens\":30,\"input_tokens_details\":{\"cached_tokens\":3},\"output_tokens\":6,\"output_tokens_details\":{\"reasoning_tokens\":2}}}}\n\n";

const std::string kNative =
    "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"Hel\"},\"done\":false}\n"
    "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"lo\",\"thinking\":\"hm\"},\"done\":false}\n"
    "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"prompt_eval_count\":11,\"eval_count\":7}\n";

// All that an observer says, to compare two of them.
std::string report(const StreamObserver& o) {
    const Usage u = o.usage();
    std::string text = o.error().value_or("no error");
    for (const std::int64_t n : {u.prompt, u.completion, u.cached, u.reasoning, u.cost_nano, std::int64_t{u.reported}, std::int64_t{o.saw_event()},
                                 std::int64_t{o.error_is_first()}, std::int64_t{o.terminated()}, static_cast<std::int64_t>(o.bytes()),
                                 static_cast<std::int64_t>(o.text_bytes())}) {
        text += " " + std::to_string(n);
    }
    return text;
}

}  // namespace

TEST_CASE("a chat stream tells its usage, its text and its proper end") {
    const StreamObserver observer = openai(kChat);
    CHECK(observer.usage() == Usage{9, 2, 4, 0, 1'200'000, true, false});
    CHECK(observer.terminated());
    CHECK(observer.saw_event());
    CHECK_FALSE(observer.error());
    CHECK(observer.text_bytes() == 5);
    CHECK(observer.bytes() == kChat.size());
}

TEST_CASE("an anthropic stream gathers its usage from its first and its last events") {
    const StreamObserver observer = anthropic(kMessages);
    CHECK(observer.usage() == Usage{40, 15, 5, 0, 0, true, false});
    CHECK(observer.terminated());
    CHECK(observer.text_bytes() == 5);
}

TEST_CASE("an anthropic upstream that counts the prompt only at the end is believed") {
    const StreamObserver observer = anthropic(
        "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}}\n\n"
        "data: {\"type\":\"message_delta\",\"usage\":{\"input_tokens\":12,\"output_tokens\":4}}\n\n"
        "data: {\"type\":\"message_stop\"}\n\n");
    CHECK(observer.usage() == Usage{12, 4, 0, 0, 0, true, false});
}

TEST_CASE("a zero at the end does not displace what was counted before") {
    const StreamObserver observer = anthropic(
        "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":12,\"output_tokens\":1}}}\n\n"
        "data: {\"type\":\"message_delta\",\"usage\":{\"input_tokens\":0,\"output_tokens\":4}}\n\n");
    CHECK(observer.usage() == Usage{12, 4, 0, 0, 0, true, false});
}

TEST_CASE("a Responses stream counts its text once and its usage at the end") {
    const StreamObserver observer = openai(kResponses);
    CHECK(observer.usage() == Usage{30, 6, 3, 2, 0, true, false});
    CHECK(observer.terminated());
    CHECK(observer.text_bytes() == 3);
    CHECK_FALSE(observer.error());
}

TEST_CASE("an ollama stream ends with its done line") {
    const StreamObserver observer = ollama(kNative);
    CHECK(observer.usage() == Usage{11, 7, 0, 0, 0, true, false});
    CHECK(observer.terminated());
    CHECK(observer.text_bytes() == 7);
    CHECK(ollama(kNative.substr(0, kNative.size() - 1)).terminated());
}

TEST_CASE("usage that is reported again replaces what was reported before") {
    const StreamObserver observer = openai(
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"cost\":0.1}}\n\n"
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"cost\":0.2}}\n\n");
    CHECK(observer.usage() == Usage{5, 2, 0, 0, 200'000'000, true, false});
}

TEST_CASE("what every stream says does not depend on where its chunks break") {
    struct Case {
        Dialect dialect;
        bool sse;
        std::string text;
    };
    const std::vector<Case> cases = {
        {Dialect::openai, true, kChat}, {Dialect::anthropic, true, kMessages}, {Dialect::openai, true, kResponses}, {Dialect::ollama, false, kNative},
        {Dialect::openai, true, "data: {\"error\":{\"code\":502}}\r\n\r\ndata: [DONE]"}, {Dialect::anthropic, true, "event: error\ndata: plain text\n\n"}};
    for (const Case& c : cases) {
        const std::string whole = report(observed(c.dialect, c.sse, c.text));
        for (std::size_t at = 0; at <= c.text.size(); ++at) {
            StreamObserver observer(c.dialect, c.sse);
            observer.push(std::string(c.text.substr(0, at)));
            observer.push(std::string(c.text.substr(at)));
            observer.finish();
            REQUIRE(report(observer) == whole);
        }
        StreamObserver bytewise(c.dialect, c.sse);
        for (const char byte : c.text) bytewise.push(std::string(1, byte));
        bytewise.finish();
        CHECK(report(bytewise) == whole);
    }
}

TEST_CASE("a stream that is cut anywhere before its terminator is not terminated") {
    const auto cut_before = [](const std::string& text, std::string_view terminator) { return text.substr(0, text.rfind(terminator)); };
    CHECK_FALSE(openai(cut_before(kChat, "[DONE]")).terminated());
    CHECK_FALSE(anthropic(cut_before(kMessages, "event: message_stop")).terminated());
    CHECK_FALSE(openai(cut_before(kResponses, "event: response.completed")).terminated());
    CHECK_FALSE(ollama(cut_before(kNative, "{\"model\"")).terminated());
    CHECK_FALSE(openai("").terminated());
}

TEST_CASE("another dialect's terminator ends nothing") {
    CHECK_FALSE(anthropic(kChat).terminated());
    CHECK_FALSE(openai(kMessages).terminated());
    CHECK_FALSE(ollama("[DONE]\n").terminated());
    CHECK_FALSE(openai("data: {\"choices\":[{\"delta\":{\"content\":\"[DONE]\"}}],\"done\":true}\n\n").terminated());
}

TEST_CASE("comments, pings and blank events are not the first event") {
    StreamObserver openrouter(Dialect::openai, true);
    openrouter.push(": OPENROUTER PROCESSING\n\n\n\ndata:\n\n");
    CHECK_FALSE(openrouter.saw_event());
    openrouter.push("data: {\"choices\":[]}\n");
    CHECK_FALSE(openrouter.saw_event());
    openrouter.push("\n");
    CHECK(openrouter.saw_event());

    StreamObserver claude(Dialect::anthropic, true);
    claude.push("event: ping\ndata: {\"type\":\"ping\"}\n\ndata: {\"type\":\"ping\"}\n\n");
    CHECK_FALSE(claude.saw_event());
}

TEST_CASE("an error before anything else is known to be first") {
    for (const StreamObserver& observer : {openai(": hold on\n\ndata: {\"error\":{\"message\":\"x\",\"code\":429}}\n\n"),
                                           openai("data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}],\"error\":{\"message\":\"x\",\"code\":429}}\n\n"),
                                           anthropic("event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"x\",\"code\":429}}\n\n"),
                                           ollama("{\"error\":{\"message\":\"x\",\"code\":429}}\n")}) {
        CHECK(observer.error() == R"({"error":{"message":"x","code":429}})");
        CHECK(observer.error_is_first());
        CHECK(observer.saw_event());
    }
}

TEST_CASE("an error later in the stream is found and is not first") {
    const std::string first = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    const StreamObserver late = openai(first + "data: {\"error\":{\"code\":\"server_error\"}}\n\ndata: {\"error\":\"second\"}\n\ndata: [DONE]\n\n");
    CHECK(late.error() == R"({"error":{"code":"server_error"}})");
    CHECK_FALSE(late.error_is_first());
    CHECK(late.terminated());
    CHECK(ollama("{\"message\":{\"content\":\"a\"},\"done\":false}\n{\"error\":\"broke\"}\n").error() == R"({"error":"broke"})");
    CHECK(openai("event: response.created\ndata: {\"type\":\"response.created\"}\n\nevent: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"x\"}}}\n\n")
              .error() == R"({"error":{"code":"x"}})");
    CHECK(openai("data: {\"type\":\"error\",\"code\":\"c\",\"message\":\"m\"}\n\n").error() == R"({"error":{"type":"error","code":"c","message":"m"}})");
}

TEST_CASE("an error event of plain text, or of nothing, is an error") {
    CHECK(openai("event: error\ndata: upstream \"gone\"\n\n").error() == R"({"error":"upstream \"gone\""})");
    CHECK(anthropic("event: error\ndata:\n\n").error().has_value());
    CHECK(anthropic("event: error\ndata: {\"message\":\"m\"}\n\n").error() == R"({"error":{"message":"m"}})");
}

TEST_CASE("text that speaks of errors and ends is only text") {
    const StreamObserver observer = openai(R"(data: {"choices":[{"delta":{"content":"\"error\":{} \"done\":true finish_reason [DONE]"},"finish_reason":null}],"error":null})" "\n\n");
    CHECK_FALSE(observer.error());
    CHECK_FALSE(observer.terminated());
}

TEST_CASE("a stream that is no stream at all is passed over") {
    const StreamObserver html = openai("<html><body>502</body></html>");
    CHECK_FALSE(html.saw_event());
    CHECK_FALSE(html.terminated());
    const StreamObserver native = ollama("<html>\n<body>\n");
    CHECK(native.saw_event());
    CHECK_FALSE(native.error());
    CHECK_FALSE(native.usage().reported);
}

TEST_CASE("an event too large to look at still ends a stream by its name") {
    const std::string big(2u << 20, 'x');
    const StreamObserver observer = openai("event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":\"" + big + "\"}\n\n");
    CHECK(observer.saw_event());
    CHECK(observer.terminated());
    CHECK_FALSE(observer.usage().reported);
    CHECK(openai("event: error\ndata: " + big + "\n\n").error().has_value());
    CHECK(ollama("{\"x\":\"" + big + "\"}\n" + kNative).terminated());
}

TEST_CASE("finishing twice says the same as finishing once") {
    StreamObserver observer = openai("data: {\"choices\":[{\"delta\":{\"content\":\"abc\"}}]}\n\ndata: {\"error\":\"x\"}");
    const std::string once = report(observer);
    observer.finish();
    CHECK(report(observer) == once);
}
