#include "json/block.hpp"

#include <string>

#include "support/catch.hpp"

using namespace edgepool::json;

namespace {

// Every position of every kind of stop, before and behind the ends of blocks.
template <class Find, class Stops>
void check_search(char filler, const std::string& interesting, Find find, Stops stops) {
    for (std::size_t length = 0; length <= 100; ++length) {
        const std::string plain(length, filler);
        REQUIRE(find(plain.data(), plain.data() + length) == plain.data() + length);
        for (std::size_t at = 0; at < length; ++at) {
            for (const char c : interesting) {
                std::string text = plain;
                text[at] = c;
                const char* const expected = stops(c) ? text.data() + at : text.data() + length;
                REQUIRE(find(text.data(), text.data() + length) == expected);
            }
        }
    }
}

template <class B>
void check_all_searches() {
    check_search('x', std::string("\"\\\x01\x1f\n \x7f\x80\xff!", 10) + '\0', find_string_stop<B>,
                 [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
    check_search(' ', std::string("\n\r\tx\x0b\x1f\x80", 7) + '\0', find_not_blank<B>, [](char c) { return !is_blank(c); });
    check_search('x', "\n\r\t\x0b\x0c\x8a\x8d", find_line_end<B>, [](char c) { return c == '\n' || c == '\r'; });
}

template <class B>
void check_masks() {
    for (std::size_t at = 0; at < 64; ++at) {
        for (const char c : std::string("\"\\\x01")) {
            std::string text(64, 'x');
            text[at] = c;
            REQUIRE(string_stops_of_four<B>(text.data()) == std::uint64_t{1} << at);
            REQUIRE(string_stops<B>(text.data() + at / 16 * 16) == std::uint32_t{1} << at % 16);
        }
    }
    CHECK(string_stops_of_four<B>(std::string(64, '"').data()) == ~std::uint64_t{0});
}

}  // namespace

TEST_CASE("the searches stop at the right byte wherever it stands in a block") { check_all_searches<Block>(); }

TEST_CASE("the searches without SIMD stop at the same bytes") { check_all_searches<PlainBlock>(); }

TEST_CASE("a mask of stops has the bit of each byte, with SIMD and without") {
    check_masks<Block>();
    check_masks<PlainBlock>();
}
