#include "json/splice.hpp"

#include <string>

#include "json/dom.hpp"
#include "support/catch.hpp"
#include "unit/json_reference.hpp"

using namespace edgepool;
using namespace edgepool::json;

namespace {

std::string with_model(std::string_view body, std::string_view model) { return apply_splices(body, replace_model(*read_request_facts(body), model)); }

std::string asking(std::string_view body) { return apply_splices(body, ask_for_usage(*read_request_facts(body), body)); }

}  // namespace

TEST_CASE("splices change what they name and nothing else") {
    CHECK(apply_splices("abcdef", {}) == "abcdef");
    CHECK(apply_splices("abcdef", {{0, 1, "X"}, {3, 0, "-"}, {6, 0, "!"}}) == "Xbc-def!");
    CHECK(apply_splices("", {{0, 0, "x"}}) == "x");
}

TEST_CASE("splices at one place are applied in their order") { CHECK(apply_splices("ab", {{1, 0, "1"}, {1, 0, "2"}}) == "a12b"); }

TEST_CASE("a splice outside of the document or over another is left out") {
    CHECK(apply_splices("abc", {{4, 0, "x"}}) == "abc");
    CHECK(apply_splices("abc", {{2, 2, "x"}}) == "abc");
    CHECK(apply_splices("abc", {{2, static_cast<std::size_t>(-1), "x"}}) == "abc");
    CHECK(apply_splices("abc", {{0, 2, "x"}, {1, 1, "y"}}) == "xc");
}

TEST_CASE("two lists of splices become one in order") {
    std::vector<Splice> splices = {{1, 0, "a"}, {9, 0, "b"}};
    add_splices(splices, {{0, 0, "c"}, {5, 0, "d"}});
    REQUIRE(splices.size() == 4);
    CHECK(splices[0].insert + splices[1].insert + splices[2].insert + splices[3].insert == "cadb");
}

TEST_CASE("the model is replaced in every place and its name is written as JSON") {
    CHECK(with_model(R"({ "model" : "a" , "x" : "a" })", "b") == R"({ "model" : "b" , "x" : "a" })");
    CHECK(with_model(R"({"model":"a","n":[1],"model":"c"})", "b") == R"({"model":"b","n":[1],"model":"b"})");
    CHECK(with_model(R"({"model":"a"})", "q\"\\\n") == R"({"model":"q\"\\\n"})");
    CHECK(with_model(R"({"n":1})", "b") == R"({"n":1})");
}

TEST_CASE("usage is asked for wherever stream options stand, or do not") {
    CHECK(asking("{}") == R"({"stream_options":{"include_usage":true}})");
    CHECK(asking(R"( {"model":"m"})") == R"( {"stream_options":{"include_usage":true},"model":"m"})");
    CHECK(asking(R"({"stream_options":{}})") == R"({"stream_options":{"include_usage":true}})");
    CHECK(asking(R"({"stream_options":null,"a":1})") == R"({"stream_options":{"include_usage":true},"a":1})");
    CHECK(asking(R"({"stream_options":{"x":1}})") == R"({"stream_options":{"include_usage":true,"x":1}})");
    CHECK(asking(R"({"stream_options":{"include_usage" : false}})") == R"({"stream_options":{"include_usage" : true}})");
    CHECK(asking(R"({"stream_options":{"include_usage":1,"include_usage":null}})") == R"({"stream_options":{"include_usage":1,"include_usage":true}})");
}

TEST_CASE("usage is not asked for twice, nor in a request that the upstream must refuse anyway") {
    for (const std::string_view body : {R"({"stream_options":{"include_usage":true}})", R"({"stream_options":7})", R"({"stream_options":[]})"}) {
        CHECK(asking(body) == body);
    }
}

TEST_CASE("both changes at once leave a document that says so and is otherwise the same") {
    unsigned changed = 0;
    for (unsigned seed = 0; seed < 2000; ++seed) {
        const std::string body = json_reference::Generator(seed).document();
        const auto facts = read_request_facts(body);
        if (!facts) continue;
        INFO(body);
        std::vector<Splice> splices = replace_model(*facts, "new \"name\"");
        add_splices(splices, ask_for_usage(*facts, body));
        const auto after = parse(apply_splices(body, splices));
        auto expected = parse(body);
        REQUIRE(after);
        REQUIRE(expected);
        if (!facts->model_values.empty()) (*expected)["model"] = "new \"name\"";
        (*expected)["stream_options"] = {{"include_usage", true}};
        CHECK(*after == *expected);
        ++changed;
    }
    CHECK(changed > 500);
}

TEST_CASE("text is quoted as JSON and comes back the same") {
    CHECK(quote("") == "\"\"");
    CHECK(quote("a\"b\\c\n\r\t\x01\x1f/") == R"("a\"b\\c\n\r\t\u0001\u001f/")");
    CHECK(quote("\xC3\xA9\xF0\x9F\x98\x80") == "\"\xC3\xA9\xF0\x9F\x98\x80\"");
    CHECK(quote("a\xff") == "\"a\xEF\xBF\xBD\"");
    std::string every_byte;
    for (int c = 0; c < 128; ++c) every_byte.push_back(static_cast<char>(c));
    CHECK(decode_string(quote(every_byte)) == every_byte);
}
