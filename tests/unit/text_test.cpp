#include "base/text.hpp"

#include "support/catch.hpp"

using namespace edgepool;

TEST_CASE("control characters are those that the database refuses in a name") {
    for (const char* text : {"a\x01", "\x7f", "a\xC2\x80", "\xC2\x9F" "b", "\xE2\x80\xA8", "\xE2\x80\xA9"}) CHECK(has_control_character(text));
    for (const char* text : {"", " ~", "\xC2\xA0", "\xC3\x80", "\xE2\x80\xA7", "\xC2", "\xE2\x80"}) CHECK_FALSE(has_control_character(text));
}

TEST_CASE("ASCII case is folded, and nothing else") {
    CHECK(ascii_lower("AbZ[\xC3\x89") == "abz[\xC3\x89");
    CHECK(equals_ignoring_case("Bearer", "bEARER"));
    CHECK_FALSE(equals_ignoring_case("a", "ab"));
    CHECK_FALSE(equals_ignoring_case("[", "{"));
    CHECK(contains_ignoring_case("Text/Event-Stream; charset", "event-stream"));
    CHECK(contains_ignoring_case("", ""));
    CHECK_FALSE(contains_ignoring_case("abc", "abcd"));
}

TEST_CASE("trimming takes blanks off both ends only") {
    CHECK(trim(" \t\r\na b\n ") == "a b");
    CHECK(trim("  ").empty());
    CHECK(trim("").empty());
}

TEST_CASE("splitting gives one part more than there are separators") {
    CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
    CHECK(split("", ',') == std::vector<std::string_view>{""});
}

TEST_CASE("numbers are digits only, up to nineteen of them") {
    CHECK(parse_u64("0") == 0u);
    CHECK(parse_u64("0042") == 42u);
    CHECK(parse_u64("9999999999999999999") == 9'999'999'999'999'999'999u);
    for (const char* bad : {"", " 1", "+1", "-1", "1.0", "0x1", "12345678901234567890", "1e3"}) CHECK_FALSE(parse_u64(bad).has_value());
}

TEST_CASE("bytes become hex digits") {
    CHECK(to_hex(std::string_view("\x00\x0f\xff", 3)) == "000fff");
    CHECK(to_hex("").empty());
}

TEST_CASE("clipping never cuts a character in two") {
    const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    CHECK(clip_utf8(text, 0).empty());
    CHECK(clip_utf8(text, 2) == "a");
    CHECK(clip_utf8(text, 3) == "a\xC3\xA9");
    CHECK(clip_utf8(text, 5) == "a\xC3\xA9");
    CHECK(clip_utf8(text, 9) == text.substr(0, 6));
    CHECK(clip_utf8(text, 10) == text);
    CHECK(clip_utf8("\x80\x80\x80", 2).empty());
}

TEST_CASE("what is not UTF-8 is replaced byte by byte, what is stays") {
    const std::string mark = "\xEF\xBF\xBD";
    CHECK(valid_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") == "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    CHECK(valid_utf8("\xff") == mark);
    CHECK(valid_utf8("\xC3") == mark);
    CHECK(valid_utf8("\xC0\xAF") == mark + mark);              // overlong
    CHECK(valid_utf8("\xE0\x80\x80") == mark + mark + mark);   // overlong
    CHECK(valid_utf8("\xED\xA0\x80") == mark + mark + mark);   // a surrogate
    CHECK(valid_utf8("\xF4\x90\x80\x80") == mark + mark + mark + mark);  // beyond U+10FFFF
    CHECK(valid_utf8("\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF") == "\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF");
}

TEST_CASE("equality that takes its time gives the same answer") {
    CHECK(equals_constant_time("", ""));
    CHECK(equals_constant_time("abc", "abc"));
    CHECK_FALSE(equals_constant_time("abc", "abd"));
    CHECK_FALSE(equals_constant_time("abc", "ab"));
}
