#include "stream/usage_filter.hpp"

#include "support/catch.hpp"

using namespace edgepool;
using stream::StreamObserver;
using stream::UsageFilter;

namespace {

const std::string kWord = "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}],\"usage\":null}\n\n";
const std::string kUsage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5}}\n\n";
const std::string kDone = "data: [DONE]\n\n";

// All that passes of `text` when it comes in pieces of `size`.
std::string filtered(std::string_view text, std::size_t size, usage::Usage* usage = nullptr) {
    StreamObserver observer(Dialect::openai, true);
    UsageFilter filter(observer);
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += size) out += filter.push(text.substr(at, size));
    out += filter.finish();
    if (usage != nullptr) *usage = observer.usage();
    CHECK(observer.bytes() == text.size());
    return out;
}

}  // namespace

TEST_CASE("the event that only reports usage is kept back, wherever chunks break, and is read all the same") {
    const std::string text = kWord + kWord + kUsage + kDone;
    for (std::size_t size = 1; size <= text.size(); ++size) {
        usage::Usage usage;
        CHECK(filtered(text, size, &usage) == kWord + kWord + kDone);
        CHECK(usage.completion == 5);
    }
}

TEST_CASE("everything else passes byte for byte: comments, other events without choices, what is no JSON, a rest without an end") {
    for (const std::string& text : {std::string(": ping\n\n") + kWord + kDone, std::string("data: {\"choices\":[]}\n\ndata: {\"choices\":[],\"usage\":null}\n\n"),
                                    std::string("data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":1}}\n\n"), std::string("data: {\"usage\":{\"prompt_tokens\":1}}\n\n"),
                                    std::string("data: not json\r\rdata: x\r\n\r\n"), kWord + "data: {\"choi", std::string("\xEF\xBB\xBF") + kWord, std::string()}) {
        CAPTURE(text);
        for (const std::size_t size : {1, 3, 1000}) CHECK(filtered(text, size) == text);
    }
}

TEST_CASE("with CRLF the last line feed belongs to what follows: a blank line is all that stays of the hidden event") {
    const std::string usage = "data: {\"choices\":[],\"usage\":{}}\r\n\r\n";
    CHECK(filtered("data: 1\r\n\r\n" + usage + "data: [DONE]\r\n\r\n", 7) == "data: 1\r\n\r\ndata: [DONE]\r\n\r\n");
}

TEST_CASE("an event that only reports usage is kept back without its end as well") {
    CHECK(filtered(kWord + "data: {\"choices\":[ ],\"usage\":{\"completion_tokens\":5}}", 5) == kWord);
}

TEST_CASE("an event goes on as soon as it is whole, and one too large to be looked at goes on unread") {
    StreamObserver observer(Dialect::openai, true);
    UsageFilter filter(observer);
    CHECK(filter.push(kWord + "data: {") == kWord);
    CHECK(filter.push("}\n\n") == "data: {}\n\n");
    CHECK(filter.push(": ping\n\n") == ": ping\n\n");
    std::string text = "data: \"" + std::string(2 * stream::kMaxObservedEventBytes, 'x') + "\"\n\n", out;
    std::size_t most_waiting = 0, fed = 0;
    for (std::size_t at = 0; at < text.size(); at += 50'000) {
        out += filter.push(std::string_view(text).substr(at, 50'000));
        fed = std::min(text.size(), at + 50'000);
        most_waiting = std::max(most_waiting, fed - out.size());
    }
    CHECK(out == text);
    CHECK(most_waiting <= stream::kMaxObservedEventBytes + 100'000);
    CHECK(filter.push(kUsage + kDone) == kDone);
    CHECK(filter.finish().empty());
}

TEST_CASE("what waits behind a large event is hidden whole or not at all, wherever chunks break") {
    const std::string large = "data: \"" + std::string(stream::kMaxObservedEventBytes - 100, 'x') + "\"\n\n";
    const std::string text = large + kUsage + kDone;
    for (const std::size_t first : {large.size() - 2, large.size(), large.size() + 20, large.size() + kUsage.size() - 1}) {
        CAPTURE(first);
        StreamObserver observer(Dialect::openai, true);
        UsageFilter filter(observer);
        std::string out = filter.push(std::string_view(text).substr(0, large.size() - 3));
        out += filter.push(std::string_view(text).substr(large.size() - 3, first - (large.size() - 3)));
        out += filter.push(std::string_view(text).substr(first));
        out += filter.finish();
        CHECK(out == large + kDone);
    }
}

TEST_CASE("an event of which a part has gone, for its size, goes on whole") {
    const std::string usage = "data: {\"choices\":[],\"pad\":\"" + std::string(2 * stream::kMaxObservedEventBytes, ' ') + "\",\"usage\":{\"prompt_tokens\":7}}\n\n";
    CHECK(filtered(kWord + usage + kDone, 64 << 10) == kWord + usage + kDone);
}
