#include "json/scan.hpp"

#include <array>
#include <string>

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using namespace edgepool::json;

namespace {

constexpr std::array<std::string_view, 2> kNames = {"model", "stream"};

Result<ScannedObject> scan(std::string_view text) { return scan_object(text, kNames); }

std::string problem_of(std::string_view text) {
    const auto scanned = scan(text);
    return scanned ? "none" : scanned.error().detail;
}

std::string nested_arrays(std::size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

}  // namespace

TEST_CASE("a scan finds members and their ranges, whatever stands around them") {
    const std::string_view text = " {\"x\": [1, {\"model\":\"no\"}], \"model\" : \"gpt\" ,\n\"stream\":true} ";
    const auto scanned = scan(text);
    REQUIRE(scanned);
    CHECK(scanned->object.in(text) == text.substr(1, text.size() - 2));
    CHECK_FALSE(scanned->empty);
    REQUIRE(scanned->found.size() == 2);
    CHECK(scanned->found[0].name_index == 0);
    CHECK(scanned->found[0].member.key.in(text) == "\"model\"");
    CHECK(scanned->found[0].member.value.in(text) == "\"gpt\"");
    CHECK(scanned->found[1].name_index == 1);
    CHECK(scanned->found[1].member.value.in(text) == "true");
}

TEST_CASE("every duplicate is found, in order, and the last is the one that counts") {
    const std::string_view text = R"({"model":1,"stream":2,"model":3})";
    const auto scanned = scan(text);
    REQUIRE(scanned);
    REQUIRE(scanned->found.size() == 3);
    CHECK(scanned->last(0)->in(text) == "3");
    CHECK(scanned->last(1)->in(text) == "2");
    CHECK_FALSE(scan("{}")->last(0));
}

TEST_CASE("a key written with escapes is the same key") {
    const std::string_view text = R"({"\u006d\u006f\u0064\u0065\u006c":"all","mod\u0065l":"one","m\u006Fdels":0,"\"model\"":0})";
    const auto scanned = scan(text);
    REQUIRE(scanned);
    REQUIRE(scanned->found.size() == 2);
    CHECK(scanned->found[1].member.value.in(text) == "\"one\"");
}

TEST_CASE("an object without members is empty") {
    CHECK(scan("{}")->empty);
    CHECK(scan(" { \n } ")->empty);
    CHECK_FALSE(scan("{\"a\":{}}")->empty);
}

TEST_CASE("a refusal names the byte and what is wrong there") {
    CHECK(problem_of("") == "bad JSON at byte 0: an object is expected");
    CHECK(problem_of("[1]") == "bad JSON at byte 0: an object is expected");
    CHECK(problem_of("\xEF\xBB\xBF{}") == "bad JSON at byte 0: an object is expected");
    CHECK(problem_of("{\"model\" 1}") == "bad JSON at byte 9: a colon is expected");
    CHECK(problem_of("{\"model\":}") == "bad JSON at byte 9: a value is expected");
    CHECK(problem_of("{\"model\":1,}") == "bad JSON at byte 11: a member's name is expected");
    CHECK(problem_of("{\"a\":1 \"b\":2}") == "bad JSON at byte 7: a comma or a closing brace is expected");
    CHECK(problem_of("{\"a\":[1 2]}") == "bad JSON at byte 8: a comma or a closing bracket is expected");
    CHECK(problem_of("{\"a\":\"no end}") == "bad JSON at byte 5: this string is not closed");
    CHECK(problem_of("{\"a\":\"tab\there\"}") == "bad JSON at byte 9: a control character in a string");
    CHECK(problem_of("{\"a\":\"\\x41\"}") == "bad JSON at byte 6: this escape is not valid");
    CHECK(problem_of("{\"a\":01}") == "bad JSON at byte 6: a number may not begin with a zero");
    CHECK(problem_of("{\"a\":1.}") == "bad JSON at byte 7: a digit is expected");
    CHECK(problem_of("{} x") == "bad JSON at byte 3: nothing may follow the value");
    CHECK(scan("{").error().code == ErrorCode::bad_json);
}

TEST_CASE("what is no JSON is refused at any depth") {
    for (const std::string_view value : {"tru", "True", "nul", "NaN", "+1", ".5", "1e", "1e+", "-", "--1", "0x1", "'a'", "\"\\u12g4\"", "\"\\u12\"",
                                         "\"\\\"", "[1,]", "[,1]", "[", "]", "{", "{\"a\"}", "{\"a\":1,}", "{1:2}", "[}", "{\"a\":1]", "[1:2]", "\x01", "//"}) {
        const std::string text(value);
        INFO(text);
        CHECK_FALSE(scan("{\"k\":" + text + "}"));
        CHECK_FALSE(scan("{\"k\":[{\"k\":" + text + "}]}"));
    }
    CHECK_FALSE(scan(std::string_view("{}\0", 3)));
    CHECK_FALSE(scan(std::string_view("{\"a\0\":1}", 8)));
}

TEST_CASE("what is JSON is taken at any depth") {
    for (const std::string_view value : {"0", "-0", "10", "-1.5e-10", "2E+3", "\"\"", "\"\\u00e9\\ud800 \\/\\b\\f\"", "\"\xff\xfe\"", "[]", "{}", "[[],{}]", "[1 , 2]",
                                         "{ \"a\" : [ ] }", "null", "true", "false", "1e99999", "\"\x7f\""}) {
        const std::string text(value);
        INFO(text);
        CHECK(scan("{\"k\":" + text + "}"));
        CHECK(scan("{\"k\":[0,{\"k\":" + text + "}]}"));
    }
}

TEST_CASE("nesting is taken up to the limit and refused one past it") {
    CHECK(scan(nested_arrays(limits::kMaxJsonDepth)));
    CHECK(problem_of(nested_arrays(limits::kMaxJsonDepth + 1)).find("nested too deep") != std::string::npos);
    CHECK_FALSE(scan(nested_arrays(10'000)));
    CHECK(scan_value(std::string(limits::kMaxJsonDepth, '[') + std::string(limits::kMaxJsonDepth, ']')));
    CHECK_FALSE(scan_value(std::string(limits::kMaxJsonDepth + 1, '[') + std::string(limits::kMaxJsonDepth + 1, ']')));
}

TEST_CASE("a member may be repeated up to the limit, so that the answer stays small") {
    std::string members = "\"model\":1";
    for (std::size_t i = 1; i < kMaxFoundMembers; ++i) members += ",\"model\":1";
    CHECK(scan("{" + members + "}")->found.size() == kMaxFoundMembers);
    CHECK(problem_of("{" + members + ",\"model\":1}").find("repeated too often") != std::string::npos);
    CHECK(problem_of("{" + members + ",\"other\":1}") == "none");
}

TEST_CASE("a number of a million digits and a string of a megabyte are walked over") {
    CHECK(scan("{\"n\":" + std::string(1'000'000, '7') + ",\"s\":\"" + std::string(1'000'000, 'x') + "\",\"model\":\"m\"}")->found.size() == 1);
}

TEST_CASE("any value can be scanned by itself") {
    CHECK(scan_value(" [1, \"a\"] ")->begin == 1);
    CHECK(scan_value("12")->end == 2);
    CHECK_FALSE(scan_value(""));
    CHECK_FALSE(scan_value("1 2"));
}

TEST_CASE("the elements of an array are told apart") {
    const auto three = elements("[ 1 , {\"a\":[2]},\"x,y\" ]", 10);
    REQUIRE(three.size() == 3);
    CHECK(three[0] == "1");
    CHECK(three[1] == "{\"a\":[2]}");
    CHECK(three[2] == "\"x,y\"");
    CHECK(elements("[1,2,3]", 2).size() == 2);
    CHECK(elements("[]", 2).empty());
    CHECK(elements("{}", 2).empty());
    CHECK(elements("", 2).empty());
}

TEST_CASE("strings are decoded with all their escapes") {
    CHECK(decode_string(R"("a\"\\\/\b\f\n\r\t")") == "a\"\\/\b\f\n\r\t");
    CHECK(decode_string(R"("\u0041\u00e9\u20ac\uD83D\ude00")") == "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    CHECK(decode_string(R"("\ud800\udc00\udbff\udfff\ud7ff\ue000")") == "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80");
    CHECK(decode_string(R"("\u0000")") == std::string(1, '\0'));
    CHECK(decode_string("\"\"") == "");
}

TEST_CASE("a lone surrogate becomes the replacement character") {
    const std::string replacement = "\xEF\xBF\xBD";
    CHECK(decode_string(R"("\ud83d")") == replacement);
    CHECK(decode_string(R"("\udbff\udfff\udfff")") == "\xF4\x8F\xBF\xBF" + replacement);
    CHECK(decode_string(R"("\ude00x")") == replacement + "x");
    CHECK(decode_string(R"("\ud83d\ud83d\ude00")") == replacement + "\xF0\x9F\x98\x80");
    CHECK(decode_string(R"("\ud83d\n")") == replacement + "\n");
    CHECK(decode_string(R"("\ud83d\u0041")") == replacement + "A");
}

TEST_CASE("what is not one string is not decoded") {
    for (const std::string_view raw : {"", "\"", "a", "\"a", "\"\\\"", "\"\\u12\"", "\"\\q\"", "\"a\"b\"", "\"\n\"", "12"}) {
        INFO(raw);
        CHECK_FALSE(decode_string(raw));
    }
}

TEST_CASE("a value's kind shows in its first character") {
    CHECK(kind_of("{}") == Kind::object);
    CHECK(kind_of("[]") == Kind::array);
    CHECK(kind_of("\"\"") == Kind::string);
    CHECK(kind_of("-1") == Kind::number);
    CHECK(kind_of("true") == Kind::boolean);
    CHECK(kind_of("false") == Kind::boolean);
    CHECK(kind_of("null") == Kind::null);
}
