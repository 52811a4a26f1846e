#include "app/key_lines.hpp"

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using app::KeyLines;

namespace {

std::vector<std::string> keys_of(const KeyLines& lines) {
    std::vector<std::string> keys;
    for (const auto& line : lines.keys) keys.push_back(line.key);
    return keys;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("text has a key per line; blanks, comments, carriage returns and a byte order mark are passed over") {
    const KeyLines lines = app::read_text_lines("\xEF\xBB\xBF" "one\r\n\n  two\t\n# comment\none\nthree");
    CHECK(keys_of(lines) == Keys{"one", "two", "three"});
    CHECK(lines.total == 4);
    CHECK(lines.duplicates == 1);
    CHECK(lines.invalid.empty());
    CHECK(lines.keys[2].line == 6);
    CHECK(app::read_text_lines("").total == 0);
    CHECK(app::read_text_lines("\n\n").total == 0);
}

TEST_CASE("a line that cannot be a key is reported by its number and a reason that does not repeat it") {
    const KeyLines lines = app::read_text_lines("good\ntwo words\nk\xC3\xA9y\n" + std::string(limits::kMaxKeyBytes, 'k') + "\n" +
                                                std::string(limits::kMaxKeyBytes + 1, 'k'));
    REQUIRE(lines.invalid.size() == 3);
    CHECK(lines.invalid[0].line == 2);
    CHECK(lines.invalid[1].line == 3);
    CHECK(lines.invalid[2].line == 5);
    CHECK(lines.total == 5);
    CHECK(lines.keys.size() == 2);
    for (const auto& bad : lines.invalid) CHECK(bad.reason.find("words") == std::string::npos);
}

TEST_CASE("CSV has a heading or none, quoted fields or none, and one to three columns") {
    const KeyLines lines = app::read_csv_lines(
        "API_KEY,username,expires_at\nk1,ann,2030-01-01T00:00:00Z\n\"k2\",\"b \"\"the\"\" c, d\",\nk3\n k4 , e ,2030-01-01T08:00:00+08:00\n");
    CHECK(keys_of(lines) == Keys{"k1", "k2", "k3", "k4"});
    CHECK(lines.keys[0].username == "ann");
    CHECK(lines.keys[0].expires_ms == 1893456000000.0);
    CHECK(lines.keys[1].username == "b \"the\" c, d");
    CHECK_FALSE(lines.keys[1].expires_ms.has_value());
    CHECK(lines.keys[3].username == "e");
    CHECK(lines.keys[3].expires_ms == 1893456000000.0);
    CHECK(keys_of(app::read_csv_lines("k1,a\nkey,b")) == Keys{"k1", "key"});
}

TEST_CASE("CSV rows with a bad time, a bad name or no key are reported") {
    const KeyLines lines = app::read_csv_lines("k1,a,soon\n,b,\nk3," + std::string(limits::kMaxNameBytes + 1, 'n') + "\nk4,a\x01" "b\nk5," +
                                               std::string(limits::kMaxNameBytes, 'n') + "\n\"k6");
    CHECK(lines.invalid.size() == 4);
    CHECK(keys_of(lines) == Keys{"k5", "k6"});
    CHECK(lines.total == 6);
}

TEST_CASE("JSON has an array of keys as texts or objects") {
    const auto lines = app::read_json_keys(
        R"({"keys":["k1",{"key":"k2","username":"u"},{"api_key":"k3","expires_at":"2030-01-01T00:00:00Z"},{"apiKey":"k1"},7,null,{},""]})");
    REQUIRE(lines.has_value());
    CHECK(keys_of(*lines) == Keys{"k1", "k2", "k3"});
    CHECK(lines->keys[1].username == "u");
    CHECK(lines->keys[2].expires_ms.has_value());
    CHECK(lines->duplicates == 1);
    CHECK(lines->invalid.size() == 4);
    CHECK(lines->total == 8);
}

TEST_CASE("JSON without an array of keys is refused") {
    for (const char* body : {"", "{}", "[]", "7", "{\"keys\":7}", "{\"keys\":{}}", "{\"keys\":[\"k\"]", "null"}) {
        CAPTURE(body);
        const auto lines = app::read_json_keys(body);
        REQUIRE_FALSE(lines.has_value());
        CHECK(lines.error().code == ErrorCode::bad_request);
        CHECK(lines.error().param == "keys");
    }
}

TEST_CASE("a username that is not UTF-8 is mended") {
    CHECK(app::read_csv_lines("k1,\xff").keys[0].username == "\xEF\xBF\xBD");
}
