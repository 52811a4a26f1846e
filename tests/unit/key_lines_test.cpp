#include "app/key_lines.hpp"

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using app::KeyList;

namespace {

// A list read to its end, and what was found on the way.
struct Read {
    Read(KeyList::Format format, std::string_view body) : list(KeyList::read(format, body).value()), keys(list.take(1'000'000)) {}

    KeyList list;
    std::vector<app::KeyLine> keys;
};

Read text(std::string_view body) { return {KeyList::Format::text, body}; }
Read csv(std::string_view body) { return {KeyList::Format::csv, body}; }

std::vector<std::string> keys_of(const std::vector<app::KeyLine>& lines) {
    std::vector<std::string> keys;
    for (const auto& line : lines) keys.push_back(line.key);
    return keys;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("text has a key per line; blanks, comments, carriage returns and a byte order mark are passed over") {
    const Read read = text("\xEF\xBB\xBF" "one\r\n\n  two\t\n# comment\none\nthree");
    CHECK(keys_of(read.keys) == Keys{"one", "two", "three"});
    CHECK(read.list.total() == 4);
    CHECK(read.list.duplicates() == 1);
    CHECK(read.list.duplicate_lines() == std::vector<std::size_t>{5});
    CHECK(read.list.invalid() == 0);
    CHECK(read.keys[2].line == 6);
    CHECK(text("").list.total() == 0);
    CHECK(text("\n\n").list.total() == 0);
}

TEST_CASE("a line that cannot be a key is reported by its number and a reason that does not repeat it") {
    const std::string body =
        "good\ntwo words\nk\xC3\xA9y\n" + std::string(limits::kMaxKeyBytes, 'k') + "\n" + std::string(limits::kMaxKeyBytes + 1, 'k');
    const Read read = text(body);
    REQUIRE(read.list.bad_lines().size() == 3);
    CHECK(read.list.bad_lines()[0].line == 2);
    CHECK(read.list.bad_lines()[1].line == 3);
    CHECK(read.list.bad_lines()[2].line == 5);
    CHECK(read.list.total() == 5);
    CHECK(read.keys.size() == 2);
    for (const auto& bad : read.list.bad_lines()) CHECK(bad.reason.find("words") == std::string::npos);
}

TEST_CASE("CSV has a heading or none, quoted fields or none, and one to three columns") {
    const Read read = csv(
        "API_KEY,username,expires_at\nk1,ann,2030-01-01T00:00:00Z\n\"k2\",\"b \"\"the\"\" c, d\",\nk3\n k4 , e ,2030-01-01T08:00:00+08:00\n");
    CHECK(keys_of(read.keys) == Keys{"k1", "k2", "k3", "k4"});
    CHECK(read.list.total() == 4);
    CHECK(read.keys[0].username == "ann");
    CHECK(read.keys[0].expires_ms == 1893456000000.0);
    CHECK(read.keys[1].username == "b \"the\" c, d");
    CHECK_FALSE(read.keys[1].expires_ms.has_value());
    CHECK(read.keys[3].username == "e");
    CHECK(read.keys[3].expires_ms == 1893456000000.0);
    CHECK(keys_of(csv("k1,a\nkey,b").keys) == Keys{"k1", "key"});
}

TEST_CASE("what the database would refuse of a row is reported as that row's fault, so that one row does not stop a thousand") {
    const std::string body = "k1,a,soon\n,b,\nk3," + std::string(limits::kMaxNameBytes + 1, 'n') + "\nk4,a\x01" "b\nk5," +
                             std::string(limits::kMaxNameBytes, 'n') + "\n\"k6\nk7,a\xC2\x85" "b\nk8,a\xE2\x80\xA8" "b\nk9,a,1969-12-31T23:59:59Z\nk10,a,1970-01-01T00:00:00Z";
    const Read read = csv(body);
    CHECK(read.list.invalid() == 7);
    CHECK(keys_of(read.keys) == Keys{"k5", "k6", "k10"});
    CHECK(read.list.total() == 10);
}

TEST_CASE("JSON has an array of keys as texts or objects") {
    const Read read(
        KeyList::Format::json,
        R"({"keys":["k1",{"key":"k2","username":"u"},{"api_key":"k3","expires_at":"2030-01-01T00:00:00Z"},{"apiKey":"k1"},7,null,{},"",[1]," \u006b4 "]})");
    CHECK(keys_of(read.keys) == Keys{"k1", "k2", "k3", "k4"});
    CHECK(read.keys[1].username == "u");
    CHECK(read.keys[2].expires_ms.has_value());
    CHECK(read.list.duplicates() == 1);
    CHECK(read.list.invalid() == 5);
    CHECK(read.list.total() == 10);
}

TEST_CASE("a heading is passed over behind comments and blank lines too, once") {
    const Read read = csv("# exported\n\nkey,username\nkey1,me\nkey\n");
    REQUIRE(read.keys.size() == 2);
    CHECK(read.keys[0].key == "key1");
    CHECK(read.keys[1].key == "key");
}

TEST_CASE("a member of a JSON row that has the wrong type is that row's fault, not as if it were not there") {
    for (const char* row : {R"({"key":7})", R"({"key":["k"],"api_key":"k"})", R"({"key":"k","username":5})", R"({"key":"k","username":{}})",
                            R"({"key":"k","expires_at":1793000000})", R"({"key":"k","expires_at":false})"}) {
        CAPTURE(row);
        const std::string body = "{\"keys\":[" + std::string(row) + "]}";
        const Read read{KeyList::Format::json, body};
        CHECK(read.keys.empty());
        REQUIRE(read.list.bad_lines().size() == 1);
        CHECK(read.list.bad_lines()[0].reason.find("is not a text") != std::string_view::npos);
    }
    CHECK(Read(KeyList::Format::json, R"({"keys":[{"key":null,"api_key":"k","username":null,"expires_at":null}]})").keys.size() == 1);
}

TEST_CASE("JSON without an array of keys is refused") {
    for (const char* body : {"", "{}", "[]", "7", "{\"keys\":7}", "{\"keys\":{}}", "{\"keys\":[\"k\"]", "null"}) {
        CAPTURE(body);
        const auto list = KeyList::read(KeyList::Format::json, body);
        REQUIRE_FALSE(list.has_value());
        CHECK(list.error().code == ErrorCode::bad_request);
        CHECK(list.error().param == "keys");
    }
}

TEST_CASE("a username that is not UTF-8 is mended") {
    CHECK(csv("k1,\xff").keys[0].username == "\xEF\xBF\xBD");
}

TEST_CASE("a list is read in portions, and a repetition is noticed across them") {
    KeyList list = KeyList::read(KeyList::Format::text, "a\nb\nbad key\na\nc\nb\nd").value();
    CHECK(keys_of(list.take(2)) == Keys{"a", "b"});
    CHECK(list.done() == 2);
    CHECK(keys_of(list.take(2)) == Keys{"c", "d"});
    CHECK(list.at_end());
    CHECK(list.take(2).empty());
    CHECK(list.duplicates() == 2);
    CHECK(list.invalid() == 1);
}

TEST_CASE("a list may have as many rows as its bound, not more; of bad and repeated lines only the first are kept") {
    std::string rows;
    for (std::size_t i = 0; i < limits::kMostImportedKeys; ++i) rows += "k\n";
    KeyList list = KeyList::read(KeyList::Format::text, rows).value();
    CHECK(list.take(limits::kMostImportedKeys).size() == 1);
    CHECK(list.duplicates() == limits::kMostImportedKeys - 1);
    CHECK(list.duplicate_lines().size() == limits::kMostReportedLines);
    CHECK_FALSE(KeyList::read(KeyList::Format::text, rows + "k").has_value());
    std::string json = "{\"keys\":[7";
    for (std::size_t i = 1; i < limits::kMostImportedKeys; ++i) json += ",7";
    const std::string json_at_bound = json + "]}", json_past_it = json + ",7]}";
    KeyList bad = KeyList::read(KeyList::Format::json, json_at_bound).value();
    CHECK(bad.take(1).empty());
    CHECK(bad.invalid() == limits::kMostImportedKeys);
    CHECK(bad.bad_lines().size() == limits::kMostReportedLines);
    CHECK_FALSE(KeyList::read(KeyList::Format::json, json_past_it).has_value());
}

TEST_CASE("a username is judged by its length once it is valid UTF-8") {
    const auto line = [](std::size_t bad_bytes) { return csv("key1," + std::string(bad_bytes, '\xBA')); };
    CHECK(line(limits::kMaxNameBytes / 3).keys.size() == 1);
    CHECK(line(limits::kMaxNameBytes / 3 + 1).list.bad_lines().size() == 1);
}
