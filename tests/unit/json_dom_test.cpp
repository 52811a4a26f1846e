#include "json/dom.hpp"

#include <string>

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using namespace edgepool::json;

namespace {

std::string arrays(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("a tree is read and written") {
    const auto value = parse(R"( {"b":[1,2.5,null],"a":"x"} )");
    REQUIRE(value);
    CHECK(dump(*value) == R"({"a":"x","b":[1,2.5,null]})");
    CHECK(parse("7"));
}

TEST_CASE("what is no JSON gives no tree") {
    for (const std::string_view text : {"", "{", "{}x", "nope", "\"\xff\"", "\"\\ud800\"", "1e999"}) {
        INFO(text);
        CHECK_FALSE(parse(text));
    }
    CHECK_FALSE(parse(std::string_view("{}\0rest", 7)));
}

TEST_CASE("a tree nests up to the limit and can then be written") {
    const auto deepest = parse(arrays(limits::kMaxJsonDepth));
    REQUIRE(deepest);
    CHECK(dump(*deepest) == arrays(limits::kMaxJsonDepth));
    CHECK_FALSE(parse(arrays(limits::kMaxJsonDepth + 1)));
    CHECK_FALSE(parse(arrays(100'000)));
}

TEST_CASE("a tree has as many values as its bound, whatever they are, and not one more") {
    const auto [element, values] = GENERATE(std::pair<std::string, std::size_t>("0", 1), std::pair<std::string, std::size_t>("\",[{,\\\",\"", 1),
                                            std::pair<std::string, std::size_t>("[]", 2), std::pair<std::string, std::size_t>("{\"a\":{\"b\":1}}", 3));
    CAPTURE(element);
    // One for the array around them; an empty one inside counts as if it held something.
    const std::size_t most = (limits::kMaxJsonTreeValues - 1) / values;
    const auto list = [&](std::size_t count) {
        std::string text = "[" + element;
        for (std::size_t i = 1; i < count; ++i) text += "," + element;
        return text + "]";
    };
    const auto fits = parse(list(most));
    REQUIRE(fits);
    CHECK(fits->size() == most);
    const std::string too_many = list(most + 1);
    CHECK_FALSE(parse(too_many));
    CHECK(parse_error(too_many).code == ErrorCode::bad_json);
    CHECK(parse_error(too_many).detail == "bad JSON: more than " + std::to_string(limits::kMaxJsonTreeValues) + " values");
}

TEST_CASE("why there is no tree is said") {
    CHECK(parse_error("[1,]").detail.substr(0, 18) == "bad JSON at byte 3");
    CHECK(parse_error("\"\xff\"").detail == "bad JSON: not valid UTF-8");
}

TEST_CASE("text that is not UTF-8 is written with replacement characters") { CHECK(dump(Json("a\xff")) == "\"a\xEF\xBF\xBD\""); }

TEST_CASE("fractions are written to nine decimals and whole numbers exactly") {
    CHECK(dump(*parse("[0.1,-2.5,1.9999999999,0.0000000001,1e3,18446744073709551615,-9223372036854775808]")) ==
          "[0.1,-2.5,2,0,1000,18446744073709551615,-9223372036854775808]");
    CHECK(dump(*parse("[1e17]")) == "[null]");
}

TEST_CASE("members are read only when they have the type asked for") {
    const Json object = *parse(R"({"s":"text","i":-12,"u":9223372036854775807,"big":9223372036854775808,"whole":12.0,"part":12.5,"huge":1e300,"b":true,"n":null})");
    CHECK(get_string(object, "s") == "text");
    CHECK_FALSE(get_string(object, "i"));
    CHECK_FALSE(get_string(object, "missing"));
    CHECK_FALSE(get_string(Json(7), "s"));
    CHECK(get_int(object, "i") == -12);
    CHECK(get_int(object, "u") == INT64_MAX);
    CHECK_FALSE(get_int(object, "big"));
    CHECK(get_int(object, "whole") == 12);
    CHECK_FALSE(get_int(object, "part"));
    CHECK_FALSE(get_int(object, "huge"));
    CHECK_FALSE(get_int(object, "s"));
    CHECK(get_bool(object, "b") == true);
    CHECK_FALSE(get_bool(object, "n"));
}

TEST_CASE("large integers may come as text") {
    const Json object = *parse(
        R"({"a":5,"b":"5","c":"-9223372036854775808","d":"9223372036854775807","e":"9223372036854775808","f":"","g":"-","h":"1.5","i":" 1","j":true})");
    CHECK(get_int_or_text(object, "a") == 5);
    CHECK(get_int_or_text(object, "b") == 5);
    CHECK(get_int_or_text(object, "c") == INT64_MIN);
    CHECK(get_int_or_text(object, "d") == INT64_MAX);
    for (const char* name : {"e", "f", "g", "h", "i", "j", "missing"}) {
        INFO(name);
        CHECK_FALSE(get_int_or_text(object, name));
    }
}
