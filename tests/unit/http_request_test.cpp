#include "http/request.hpp"

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using namespace std::string_literals;

namespace {

std::string wire_of(std::string_view url, const Headers& headers = {}) {
    return "GET\0"s.append(url).append(1, '\0').append(headers.to_wire());
}

ErrorCode refusal_of(const std::string& wire) {
    const auto request = decode_request(wire);
    REQUIRE_FALSE(request.has_value());
    return request.error().code;
}

}  // namespace

TEST_CASE("a request is read from its wire form") {
    const auto request = decode_request("POST\0https://pool.example:8787/v1/x%20y?a=1&b=%2F#part\0Content-Type\0text/plain\0X-Empty\0\0"s);
    REQUIRE(request.has_value());
    CHECK(request->method == "POST");
    CHECK(request->origin == "https://pool.example:8787");
    CHECK(request->path == "/v1/x%20y");
    CHECK(request->query == "a=1&b=%2F");
    CHECK(request->headers.get("content-type") == "text/plain");
    CHECK(request->headers.has("x-empty"));
}

TEST_CASE("a question mark or a hash in the path's place does not confuse it") {
    CHECK(decode_request(wire_of("https://h/?"))->path == "/");
    CHECK(decode_request(wire_of("https://h/#/x?y"))->path == "/");
    CHECK(decode_request(wire_of("https://h/a?b?c"))->query == "b?c");
}

TEST_CASE("what is no request is refused") {
    for (const std::string& wire : {""s, "GET"s, "GET\0"s, "GET\0https://h/"s, "\0\0"s, wire_of("https://h")}) CHECK(refusal_of(wire) == ErrorCode::bad_request);
}

TEST_CASE("URL, headers and their number are taken at their bounds and refused one past them") {
    const std::string begin = "https://h/";
    CHECK(decode_request(wire_of(begin + std::string(limits::kMaxUrlBytes - begin.size(), 'x'))));
    CHECK(refusal_of(wire_of(begin + std::string(limits::kMaxUrlBytes - begin.size() + 1, 'x'))) == ErrorCode::headers_too_large);

    const auto with_value = [&](std::size_t size) { return wire_of(begin, {{"a", std::string(size, 'x')}}); };
    CHECK(decode_request(with_value(limits::kMaxHeaderBytes - 3)));
    CHECK(refusal_of(with_value(limits::kMaxHeaderBytes - 2)) == ErrorCode::headers_too_large);

    Headers many;
    for (std::size_t i = 0; i < limits::kMaxHeaders; ++i) many.add("a", "");
    CHECK(decode_request(wire_of(begin, many)));
    many.add("a", "");
    CHECK(refusal_of(wire_of(begin, many)) == ErrorCode::headers_too_large);
}

TEST_CASE("query values are decoded, the first one counts") {
    CHECK(query_value("a=1&a=2", "a") == "1");
    CHECK(query_value("a=x+y%2Bz%20", "a") == "x y+z ");
    CHECK(query_value("%61=1", "a") == "1");
    CHECK(query_value("a", "a").empty());
    CHECK(query_value("a==b", "a") == "=b");
    CHECK(query_value("ab=1&&=2", "a").empty());
    CHECK(query_value("", "a").empty());
}

TEST_CASE("a percent sign that begins no escape stays as it is") {
    CHECK(percent_decode("%41%4a%4A") == "AJJ");
    CHECK(percent_decode("%") == "%");
    CHECK(percent_decode("%4") == "%4");
    CHECK(percent_decode("%zz%4g") == "%zz%4g");
    CHECK(percent_decode("%2541") == "%41");
    CHECK(percent_decode("%00") == "\0"s);
}

TEST_CASE("a credential comes as a bearer token or in x-api-key, in this order") {
    CHECK(bearer_credential({{"authorization", "Bearer abc"}}) == "abc");
    CHECK(bearer_credential({{"authorization", "bEARER   abc "}}) == "abc");
    CHECK(bearer_credential({{"x-api-key", " abc "}}) == "abc");
    CHECK(bearer_credential({{"authorization", "Bearer abc"}, {"x-api-key", "def"}}) == "abc");
    CHECK(bearer_credential({{"authorization", "Basic abc"}}).empty());
    CHECK(bearer_credential({{"authorization", "Bearer"}}).empty());
    CHECK(bearer_credential({{"authorization", "Bearerabc"}}).empty());
    CHECK(bearer_credential({}).empty());
}
