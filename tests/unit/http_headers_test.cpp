#include "http/headers.hpp"

#include "support/catch.hpp"

using edgepool::Headers;
using namespace std::string_view_literals;

TEST_CASE("headers keep their order and their repetitions, and the first one is found") {
    Headers headers{{"a", "1"}, {"b", "2"}};
    headers.add("a", "3");
    CHECK(headers.get("a") == "1");
    CHECK(headers.get("c").empty());
    CHECK_FALSE(headers.has("c"));
    CHECK(headers.fields().size() == 3);
    headers.set("a", "4");
    headers.set("c", "5");
    CHECK(headers.to_wire() == "a\0004\0b\0002\0a\0003\0c\0005\0"sv);
}

TEST_CASE("headers come back from their wire form with names in lower case") {
    const Headers headers = Headers::from_wire("Content-Type\0Text/Plain\0X-Empty\0\0"sv);
    CHECK(headers.get("content-type") == "Text/Plain");
    CHECK(headers.has("x-empty"));
    CHECK(Headers::from_wire(headers.to_wire()).fields() == headers.fields());
}

TEST_CASE("a wire that breaks off loses only its last header") {
    CHECK(Headers::from_wire("a\0001\0b\0002"sv).fields().size() == 1);
    CHECK(Headers::from_wire("a\0001\0b"sv).fields().size() == 1);
    CHECK(Headers::from_wire("a"sv).fields().empty());
    CHECK(Headers::from_wire(""sv).fields().empty());
}
