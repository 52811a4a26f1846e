#include "stream/ndjson_framer.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace edgepool::stream;

namespace {

struct Line {
    std::string data;
    std::uint64_t bytes_end;
    bool oversized;
    bool unterminated;

    bool operator==(const Line&) const = default;
};

std::vector<Line> lines_of(const std::vector<std::string>& chunks) {
    NdjsonFramer framer;
    std::vector<Line> lines;
    const auto record = [&](const Event& e) { lines.push_back({std::string(e.data), e.bytes_end, e.oversized, e.unterminated}); };
    for (const std::string& chunk : chunks) framer.push(std::string(chunk), record);
    framer.finish(record);
    return lines;
}

}  // namespace

TEST_CASE("lines end with LF or CRLF, blank ones are ignored and the last may lack its end") {
    const auto lines = lines_of({"{\"a\":1}\n\n  \t\r\n{\"b\":2}\r\n{\"c\":3}"});
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] == Line{"{\"a\":1}", 8, false, false});
    CHECK(lines[1] == Line{"{\"b\":2}", 23, false, false});
    CHECK(lines[2] == Line{"{\"c\":3}", 30, false, true});
    CHECK(lines_of({}).empty());
    CHECK(lines_of({"\n"}).empty());
}

TEST_CASE("a lone CR ends no line") { CHECK(lines_of({"{\"a\":\r1}\n"}).size() == 1); }

TEST_CASE("lines come out the same wherever the chunks break") {
    const std::string text = "{\"a\":1}\n\n{\"b\":\"\xC3\xA9\"}\r\n \n{\"done\":true}";
    const auto whole = lines_of({text});
    REQUIRE(whole.size() == 3);
    for (std::size_t i = 0; i <= text.size(); ++i) {
        for (std::size_t j = i; j <= text.size(); ++j) REQUIRE(lines_of({text.substr(0, i), text.substr(i, j - i), text.substr(j)}) == whole);
    }
}

TEST_CASE("a line is kept up to the limit and dropped with a flag one past it") {
    const std::string limit(kMaxObservedEventBytes, 'x');
    const std::string tail = "\n{}\n";
    CHECK(lines_of({limit + tail})[0].data.size() == limit.size());
    CHECK(lines_of({limit, tail})[0].data.size() == limit.size());
    for (const auto& lines : {lines_of({limit + "x" + tail}), lines_of({limit, "x" + tail}), lines_of({limit, "x", limit, limit, tail})}) {
        REQUIRE(lines.size() == 2);
        CHECK(lines[0].oversized);
        CHECK(lines[0].data.empty());
        CHECK(lines[1].data == "{}");
        CHECK_FALSE(lines[1].oversized);
    }
    CHECK(lines_of({limit + "x"}).at(0).unterminated);
}
