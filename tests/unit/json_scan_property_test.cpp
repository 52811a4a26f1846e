#include <array>
#include <string>
#include <vector>

#include "json/dom.hpp"
#include "json/scan.hpp"
#include "support/catch.hpp"
#include "unit/json_reference.hpp"

using namespace edgepool;
using edgepool::json_reference::Generator;
using edgepool::json_reference::Reader;

namespace {

constexpr std::array<std::string_view, 2> kNames = {"model", "stream"};

// Compares a scan with the plain reader: accepted or not, and every range.
void check_against_reference(const std::string& text) {
    INFO(text);
    const auto scanned = json::scan_object(text, kNames);
    const auto expected = Reader(text).object_document();
    REQUIRE(scanned.has_value() == expected.has_value());
    if (!scanned) return;
    CHECK(scanned->empty == expected->empty());
    std::size_t next = 0;
    for (const auto& member : *expected) {
        const auto name = json::decode_string(member.key.in(text));
        REQUIRE(name);
        if (*name != "model" && *name != "stream") continue;
        REQUIRE(next < scanned->found.size());
        const json::Found& found = scanned->found[next++];
        CHECK(kNames[found.name_index] == *name);
        CHECK(found.member.key.begin == member.key.begin);
        CHECK(found.member.key.end == member.key.end);
        CHECK(found.member.value.begin == member.value.begin);
        CHECK(found.member.value.end == member.value.end);
    }
    CHECK(next == scanned->found.size());
}

}  // namespace

TEST_CASE("random documents are scanned as the plain reader reads them") {
    for (unsigned seed = 0; seed < 3000; ++seed) check_against_reference(Generator(seed).document());
}

TEST_CASE("damaged documents are refused exactly when the plain reader refuses them") {
    for (unsigned seed = 0; seed < 12000; ++seed) {
        Generator generator(seed);
        const std::string document = generator.document();
        check_against_reference(generator.damaged(document));
    }
}

TEST_CASE("random documents read the same through a full parser") {
    for (unsigned seed = 0; seed < 3000; ++seed) {
        const std::string text = Generator(seed).document();
        INFO(text);
        const json::Json tree = json::Json::parse(text, nullptr, false);
        const auto scanned = json::scan_object(text, kNames);
        REQUIRE(scanned);
        REQUIRE(tree.is_object());
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            const auto last = scanned->last(i);
            REQUIRE(last.has_value() == tree.contains(kNames[i]));
            if (!last) continue;
            const std::string raw(last->in(text));
            CHECK(json::Json::parse(raw, nullptr, false) == tree.at(std::string(kNames[i])));
            if (json::kind_of(raw) == json::Kind::string) CHECK(json::decode_string(raw) == tree.at(std::string(kNames[i])).get<std::string>());
        }
    }
}

TEST_CASE("a document that is cut anywhere is refused") {
    const std::string text = Generator(11).document() + R"(])";
    const std::string whole = R"({"model":"m","a":[1.5e3,{"b":"\u00e9\n"},null],"stream":true})";
    for (std::size_t length = 0; length < whole.size(); ++length) {
        INFO(length);
        CHECK_FALSE(json::scan_object(std::string_view(whole).substr(0, length), kNames));
    }
    CHECK(json::scan_object(whole, kNames));
    CHECK_FALSE(json::scan_object(text, kNames));
}
