#include "stream/sse_framer.hpp"

#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace edgepool::stream;

namespace {

struct Seen {
    std::string name;
    std::string data;
    std::uint64_t bytes_end;
    bool oversized;
    bool unterminated;

    bool operator==(const Seen&) const = default;
};

class Recorder {
public:
    void push(std::string_view chunk) { framer_.push(chunk, record_); }
    std::vector<Seen> finish() {
        framer_.finish(record_);
        return std::move(seen_);
    }
    std::size_t count() const { return seen_.size(); }

private:
    struct Record {
        std::vector<Seen>& seen;
        void operator()(const Event& e) const { seen.push_back({std::string(e.name), std::string(e.data), e.bytes_end, e.oversized, e.unterminated}); }
    };

    SseFramer framer_;
    std::vector<Seen> seen_;
    Record record_{seen_};
};

std::vector<Seen> events_of(std::string_view text) {
    Recorder recorder;
    recorder.push(text);
    return recorder.finish();
}

std::vector<std::string> data_of(std::string_view text) {
    std::vector<std::string> data;
    for (const Seen& seen : events_of(text)) data.push_back(seen.data);
    return data;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("an event ends with a blank line, whichever way lines end") {
    const Texts expected = {"one", "two"};
    CHECK(data_of("data: one\n\ndata: two\n\n") == expected);
    CHECK(data_of("data: one\r\n\r\ndata: two\r\n\r\n") == expected);
    CHECK(data_of("data: one\r\rdata: two\r\r") == expected);
    CHECK(data_of("data: one\n\r\ndata: two\r\n\n") == expected);
    CHECK(data_of("\n\n\ndata: one\n\n\n\ndata: two\n\n") == expected);
}

TEST_CASE("one blank behind the colon is dropped and no more") {
    CHECK(data_of("data:x\n\ndata: x\n\ndata:  x\n\ndata:\tx\n\n") == Texts{"x", "x", " x", "\tx"});
}

TEST_CASE("data lines of one event are joined by line feeds") {
    CHECK(data_of("data: a\ndata: b\ndata\ndata: c\n\n") == Texts{"a\nb\n\nc"});
    CHECK(data_of("data\n\n") == Texts{""});
    CHECK(data_of("data\ndata\n\n") == Texts{"\n"});
}

TEST_CASE("comments, unknown fields and events without data are passed over") {
    CHECK(data_of(": OPENROUTER PROCESSING\n\n: x\ndata: a\nid: 7\nretry: 10\nfoo\ndatax: no\n data: no\n:data: no\n\n") == Texts{"a"});
    CHECK(data_of("event: ping\n\n").empty());
}

TEST_CASE("the name belongs to its event alone, and the last one counts") {
    const auto events = events_of("event: first\nevent: second\ndata: 1\n\ndata: 2\n\nevent: lost\n\ndata: 3\n\n");
    REQUIRE(events.size() == 3);
    CHECK(events[0].name == "second");
    CHECK(events[1].name.empty());
    CHECK(events[2].name.empty());
}

TEST_CASE("a leading byte order mark is dropped, once") {
    CHECK(data_of("\xEF\xBB\xBF" "data: a\n\n") == Texts{"a"});
    CHECK(data_of("\xEF\xBB\xBF\xEF\xBB\xBF" "data: a\n\n").empty());
    CHECK(data_of("\xEF\xBB" "data: a\n\ndata: b\n\n") == Texts{"b"});
    CHECK(data_of("\xEF").empty());
}

TEST_CASE("an event says where it ends in the stream") {
    const auto events = events_of("data: a\n\n: c\n\ndata: b\r\n\r\ndata: c\r\r");
    REQUIRE(events.size() == 3);
    CHECK(events[0].bytes_end == 9);
    CHECK(events[1].bytes_end == 24);  // behind the CR of the blank line
    CHECK(events[2].bytes_end == 34);
    CHECK(events_of("\xEF\xBB\xBF" "data: a\n\n").at(0).bytes_end == 12);
}

TEST_CASE("an event that the end of the stream cuts off is passed on with a flag") {
    for (const std::string_view tail : {"data: [DONE]", "data: [DONE]\n", "data: [DONE]\r\n"}) {
        const auto events = events_of("data: a\n\n" + std::string(tail));
        REQUIRE(events.size() == 2);
        CHECK_FALSE(events[0].unterminated);
        CHECK(events[1].data == "[DONE]");
        CHECK(events[1].unterminated);
    }
}

TEST_CASE("events come out the same wherever the chunks break") {
    const std::string text = "\xEF\xBB\xBF: hi\r\nevent: a\r\ndata: one\r\n\r\ndata: t\rdata: wo\r\r\ndata:three\n\n\nevent:b\ndata\n\ndata: \xC3\xA9\n\nevent: x\ndata: tail";
    const auto whole = events_of(text);
    REQUIRE(whole.size() == 6);
    for (std::size_t i = 0; i <= text.size(); ++i) {
        for (std::size_t j = i; j <= text.size(); ++j) {
            Recorder recorder;
            recorder.push(std::string_view(text).substr(0, i));
            recorder.push(std::string_view(text).substr(i, j - i));
            recorder.push(std::string_view(text).substr(j));
            REQUIRE(recorder.finish() == whole);
        }
    }
    Recorder bytewise;
    for (const char c : text) bytewise.push(std::string(1, c));
    CHECK(bytewise.finish() == whole);
}

TEST_CASE("random streams come out the same wherever the chunks break") {
    static constexpr std::string_view kPieces[] = {"data", ":", " ", "\n", "\r", "\r\n", "\n\n", "event", "x", "data: {}", ": c", "id: 1", "\xEF\xBB\xBF", "long long long text "};
    for (unsigned seed = 0; seed < 3000; ++seed) {
        std::mt19937 random(seed);
        std::string text;
        for (unsigned i = 0, count = random() % 40; i < count; ++i) text += kPieces[random() % std::size(kPieces)];
        const auto whole = events_of(text);
        Recorder recorder;
        for (std::size_t at = 0; at < text.size();) {
            const std::string chunk = text.substr(at, 1 + random() % 9);  // a copy of its own: nothing may outlive it
            recorder.push(chunk);
            at += chunk.size();
        }
        INFO(seed);
        REQUIRE(recorder.finish() == whole);
    }
}

TEST_CASE("an event is passed on as soon as its blank line has begun") {
    Recorder recorder;
    recorder.push("data: a\r\n\r");
    CHECK(recorder.count() == 1);
    recorder.push("\ndata: b\n");
    CHECK(recorder.count() == 1);
    recorder.push("\n");
    CHECK(recorder.count() == 2);
}

TEST_CASE("data is kept up to the limit and dropped with a flag one past it") {
    const std::string limit(kMaxObservedEventBytes, 'x');
    const std::string half(kMaxObservedEventBytes / 2, 'x');
    for (const std::size_t step : {std::size_t{1} << 24, std::size_t{65536}}) {
        const auto sent = [&](const std::string& text) {
            Recorder recorder;
            for (std::size_t at = 0; at < text.size(); at += step) recorder.push(std::string_view(text).substr(at, step));
            return recorder.finish();
        };
        CHECK(sent("data: " + limit + "\n\n")[0].data.size() == limit.size());
        const auto over = sent("event: big\ndata:" + limit + "x\n\ndata: next\n\n");
        REQUIRE(over.size() == 2);
        CHECK(over[0].oversized);
        CHECK(over[0].data.empty());
        CHECK(over[0].name == "big");
        CHECK(over[1].data == "next");
        CHECK_FALSE(over[1].oversized);
        CHECK_FALSE(sent("data: " + half + "\ndata: " + half.substr(1) + "\n\n")[0].oversized);
        CHECK(sent("data: " + half + "\ndata: " + half + "\n\n")[0].oversized);
        CHECK(sent("data: " + std::string(10u << 20, 'x') + "\ndata: more\n\n")[0].oversized);
    }
}

TEST_CASE("long comments, names and fields neither fill the memory nor disturb what follows") {
    const std::string megabytes(3u << 20, 'x');
    for (const std::string& line : {":" + megabytes, "id: " + megabytes, megabytes, "dat" + megabytes + ": no"}) {
        CHECK(data_of(line + "\ndata: a\n\n") == Texts{"a"});
        Recorder recorder;
        for (std::size_t at = 0; at < line.size(); at += 100'000) recorder.push(std::string_view(line).substr(at, 100'000));
        recorder.push("\ndata: a\n\n");
        const auto events = recorder.finish();
        REQUIRE(events.size() == 1);
        CHECK(events[0].data == "a");
    }
    const auto named = events_of("event: " + megabytes + "\ndata: a\n\n");
    CHECK(named.at(0).name.size() == kMaxEventNameBytes);
}
