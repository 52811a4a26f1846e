#include "cache/cache_key.hpp"

#include "json/dom.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using cache::canonical_json;

namespace {

std::string digest(std::string_view body, Headers headers = {}, std::string_view model = "m", std::string_view path = "/v1/chat/completions",
                   std::string_view query = {}, std::string_view provider = "ollama") {
    return cache::content_digest(*find_provider(provider), path, query, model, headers, body).value_or("(none)");
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("the canonical form sorts members at every depth, drops blanks and leaves scalars as they are written") {
    CHECK(canonical_json(R"( { "b" : [ 1 , { "z":null, "a" : true } ] , "a" : "x y" } )") == R"({"a":"x y","b":[1,{"a":true,"z":null}]})");
    CHECK(canonical_json("{}") == "{}");
    CHECK(canonical_json(" [ ] ") == "[]");
    CHECK(canonical_json(R"({"n":1.0e2,"s":"\u00e9"})") == R"({"n":1.0e2,"s":"\u00e9"})");
    CHECK(canonical_json(canonical_json(R"({"b":1,"a":[{"d":1,"c":2}]})").value()) == R"({"a":[{"c":2,"d":1}],"b":1})");
    CHECK_FALSE(canonical_json("{\"a\":}"));
    CHECK_FALSE(canonical_json(""));
}

TEST_CASE("members of one name keep their order, since the last one counts") {
    CHECK(canonical_json(R"({"b":0,"a":1,"a":2})") == R"({"a":1,"a":2,"b":0})");
    CHECK(canonical_json(R"({"a":2,"b":0,"a":1})") == R"({"a":2,"a":1,"b":0})");
}

TEST_CASE("a name keeps its order also among others of its kind that are written with escapes") {
    CHECK(canonical_json(R"({"a":3,"\u0061":2})") == R"({"a":3,"\u0061":2})");
    CHECK(canonical_json(R"({"\u0061":2,"a":3})") == R"({"\u0061":2,"a":3})");
    CHECK(digest(R"({"a":3,"\u0061":2})") != digest(R"({"\u0061":2,"a":3})"));
}

TEST_CASE("names that differ in case alone keep their order: a reader that minds no case takes the last one") {
    CHECK(canonical_json(R"({"b":1,"Temperature":0,"temperature":1})") == R"({"b":1,"Temperature":0,"temperature":1})");
    CHECK(canonical_json(R"({"temperature":1,"Temperature":0,"b":1})") == R"({"b":1,"temperature":1,"Temperature":0})");
}

TEST_CASE("numbers that a parser would take for one another stay apart") {
    CHECK(digest(R"({"seed":12345678901234567890123})") != digest(R"({"seed":12345678901234567890124})"));
    CHECK(digest(R"({"temperature":0.1234567891})") != digest(R"({"temperature":0.1234567892})"));
}

TEST_CASE("a body may nest as deep as the canonical form's bound, not deeper") {
    CHECK(canonical_json(nested(cache::kMaxCanonicalDepth)));
    CHECK_FALSE(canonical_json(nested(cache::kMaxCanonicalDepth + 1)));
}

TEST_CASE("the digest is one for texts that say the same, and another for whatever an answer depends on") {
    const std::string plain = digest(R"({"a":1,"b":2})");
    CHECK(plain.size() == 64);
    CHECK(digest(R"({ "b":2, "a":1 })") == plain);
    CHECK(digest(R"({"a":1,"b":3})") != plain);
    CHECK(digest(R"({"a":1,"b":2})", {}, "n") != plain);
    CHECK(digest(R"({"a":1,"b":2})", {}, "m", "/v1/completions") != plain);
    CHECK(digest(R"({"a":1,"b":2})", {}, "m", "/v1/chat/completions", "x=1") != plain);
    CHECK(digest(R"({"a":1,"b":2})", {}, "m", "/v1/chat/completions", "", "openrouter") != plain);
    CHECK(digest(R"({"a":1,"b":2})", {{"anthropic-beta", "x"}}) != plain);
    CHECK(digest(R"({"a":1,"b":2})", {{"user-agent", "x"}, {"authorization", "Bearer y"}, {"x-stainless-os", "z"}}) == plain);
}

TEST_CASE("an entry of one token is not another's, and its name names nobody") {
    const std::string content = digest("{}");
    CHECK(cache::entry_name(content, "token-hash-1") != cache::entry_name(content, "token-hash-2"));
    CHECK(cache::entry_name(content, "") != cache::entry_name(content, "token-hash-1"));
    CHECK(cache::entry_name(content, "token-hash-1").find("token-hash") == std::string::npos);
    CHECK(cache::entry_url("ab") != cache::entry_url("cd"));
    CHECK(cache::clearing_url("ollama") != cache::clearing_url("openrouter"));
}
