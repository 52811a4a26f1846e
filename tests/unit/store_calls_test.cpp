#include "store/calls.hpp"

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using json::Json;

namespace {

Json parsed(std::string_view text) {
    const auto value = json::parse(text);
    REQUIRE(value.has_value());
    return *value;
}

}  // namespace

TEST_CASE("a working set is read with its keys, benches and the token") {
    const auto take = store::decode_take(parsed(R"({
        "token": {"hash": "h", "name": "n", "disabled": false, "expires_ms": 5, "limits": null, "used": null},
        "now_ms": 1000, "next_since_ms": 990, "total": 3, "usable": 2, "next_ms": 2000,
        "keys": [{"id": "a", "key": "s1", "state": "active", "refusals": 1, "fails": 2, "quota": {"remaining": 0.25}, "ceiling": 4, "reason": null},
                 {"id": "b", "key": "s2", "state": "probation", "refusals": 0, "fails": 0, "quota": null, "ceiling": null, "reason": "weekly_limit"}],
        "models": [{"id": "a", "model": "m", "reason": "r", "until_ms": 3000}]})"));
    REQUIRE(take.has_value());
    CHECK(take->next_since_ms == 990);
    CHECK(take->set.db_now_ms == 1000);
    CHECK(take->set.total == 3);
    CHECK(take->set.usable == 2);
    CHECK(take->set.next_ms == 2000.0);
    REQUIRE(take->set.keys.size() == 2);
    CHECK(take->set.keys[0].secret == "s1");
    CHECK(take->set.keys[0].remaining == 0.25);
    CHECK(take->set.keys[0].ceiling == 4);
    CHECK(take->set.keys[0].refusals == 1);
    CHECK_FALSE(take->set.keys[0].probation);
    CHECK(take->set.keys[1].probation);
    CHECK(take->set.keys[1].reason == "weekly_limit");
    REQUIRE(take->set.models.size() == 1);
    CHECK(take->set.models[0].until_ms == 3000);
    REQUIRE(take->token.has_value());
    CHECK(take->token->token.expires_ms == 5.0);
}

TEST_CASE("a working set without keys or a token is one all the same") {
    const auto take = store::decode_take(parsed(R"({"now_ms":1,"keys":[],"token":null})"));
    REQUIRE(take.has_value());
    CHECK(take->set.keys.empty());
    CHECK_FALSE(take->token.has_value());
}

TEST_CASE("what lacks what is needed is not a working set") {
    for (const char* text : {"{}", "[]", "null", "7", "\"text\"", R"({"now_ms":1})", R"({"keys":[]})", R"({"now_ms":"soon","keys":[]})", R"({"now_ms":1,"keys":{}})",
                             R"({"now_ms":1,"keys":[7]})", R"({"now_ms":1,"keys":[{}]})", R"({"now_ms":1,"keys":[{"id":"a"}]})",
                             R"({"now_ms":1,"keys":[{"id":"a","key":""}]})", R"({"now_ms":1,"keys":[{"id":7,"key":"s"}]})"}) {
        CAPTURE(text);
        const auto take = store::decode_take(parsed(text));
        REQUIRE_FALSE(take.has_value());
        CHECK(take.error().code == ErrorCode::storage_answer_unreadable);
    }
}

TEST_CASE("a token is known, unknown, or the answer is unreadable") {
    CHECK(store::decode_token(parsed(R"({"now_ms":1,"token":null})"))->has_value() == false);
    const auto known = store::decode_token(parsed(R"({"token":{"hash":"h","name":"n","disabled":true}})"));
    REQUIRE((known.has_value() && known->has_value()));
    CHECK((*known)->token.disabled);
    CHECK_FALSE((*known)->token.expires_ms.has_value());
    CHECK_FALSE(store::decode_token(parsed("{}")).has_value());
    CHECK_FALSE(store::decode_token(parsed("[]")).has_value());
    CHECK_FALSE(store::decode_token(parsed(R"({"token":{"name":"without a hash"}})"))->has_value());
}

TEST_CASE("changes are read with what is gone and which tokens to ask for again") {
    const auto changes = store::decode_changes(parsed(R"({"now_ms":10,"next_since_ms":9,"total":5,"usable":4,"next_ms":null,"more":true,
        "keys":[{"id":"a","status":"failed","usable":false,"state":null,"reason":"r","until_ms":20,"at_ms":8,"refusals":2,"fails":3,"quota":null,"ceiling":null,"key":null},
                {"id":"b","status":"active","usable":true,"state":"active","reason":null,"until_ms":null,"at_ms":7,"refusals":0,"fails":0,"quota":null,"ceiling":2,"key":"s"}],
        "gone":["c",7],"models":[{"id":"b","model":"m","reason":"r","until_ms":30,"at_ms":6}],"tokens":[{"hash":"h"},7]})"));
    REQUIRE(changes.has_value());
    CHECK(changes->next_since_ms == 9);
    CHECK(changes->changes.more);
    REQUIRE(changes->changes.keys.size() == 2);
    CHECK_FALSE(changes->changes.keys[0].usable);
    CHECK(changes->changes.keys[0].until_ms == 20.0);
    CHECK(changes->changes.keys[0].at_ms == 8);
    CHECK(changes->changes.keys[0].secret.empty());
    CHECK(changes->changes.keys[1].secret == "s");
    CHECK(changes->changes.keys[1].ceiling == 2);
    CHECK(changes->changes.gone == std::vector<std::string>{"c"});
    CHECK(changes->changes.models[0].at_ms == 6);
    CHECK(changes->token_hashes == std::vector<std::string>{"h"});
    for (const char* text : {"{}", "[]", "null", R"({"now_ms":1})", R"({"now_ms":1,"keys":[7]})"}) CHECK_FALSE(store::decode_changes(parsed(text)).has_value());
}

TEST_CASE("the hint for the window is taken within bounds") {
    CHECK(store::decode_record(parsed(R"({"applied":true,"hint_ms":1500})"))->hint_ms == 1500);
    CHECK(store::decode_record(parsed(R"({"applied":true,"hint_ms":20000})"))->hint_ms == limits::kLongestFlushWindowMs);
    CHECK(store::decode_record(parsed(R"({"applied":true,"hint_ms":20001})"))->hint_ms == limits::kLongestFlushWindowMs);
    CHECK(store::decode_record(parsed(R"({"applied":true,"hint_ms":99999999999999})"))->hint_ms == limits::kLongestFlushWindowMs);
    CHECK(store::decode_record(parsed(R"({"applied":false,"hint_ms":-5})"))->hint_ms == limits::kFlushWindowMs);
    const json::Json take = parsed(R"({"now_ms":1,"keys":[],"hint_ms":7000})");
    CHECK(store::decode_take(take)->hint_ms == 7000);
    CHECK(store::decode_record(parsed(R"({"applied":true})"))->hint_ms == limits::kFlushWindowMs);
    CHECK_FALSE(store::decode_record(parsed(R"({"applied":"yes"})")).has_value());
    CHECK_FALSE(store::decode_record(parsed("[]")).has_value());
}

TEST_CASE("what the tokens of a batch have used comes with its acknowledgement") {
    const auto record = store::decode_record(parsed(
        R"({"applied":true,"tokens":[{"hash":"h","used":{"day_ms":5,"day_requests":"7","day_tokens":"8","day_cost_nano":"9","month_ms":1,"month_requests":"70"}},{"hash":"i"},3]})"));
    REQUIRE(record->used.size() == 1);
    CHECK(record->used[0].first == "h");
    CHECK(record->used[0].second.day_ms == 5);
    CHECK(record->used[0].second.day.requests == 7);
    CHECK(record->used[0].second.day.cost_nano == 9);
    CHECK(record->used[0].second.month.requests == 70);
}

TEST_CASE("arguments are JSON with exactly the members of the contract") {
    CHECK(parsed(store::take_arguments("p", 512, "00ff", "h")) == parsed(R"({"provider":"p","limit":512,"start":"00ff","token_hash":"h"})"));
    CHECK(parsed(store::take_arguments("p", 512, "00ff", "")) == parsed(R"({"provider":"p","limit":512,"start":"00ff"})"));
    CHECK(parsed(store::token_arguments("p", "h")) == parsed(R"({"provider":"p","token_hash":"h"})"));
    CHECK(parsed(store::changes_arguments("p", 1800000000123.0, 1000)) == parsed(R"({"provider":"p","since_ms":1800000000123,"limit":1000})"));
}

TEST_CASE("a batch is written whole, and names that the database cannot store are mended") {
    stats::Batch batch;
    batch.id = "0123";
    batch.at_ms = 1800000000001.0;
    stats::ModelTally model;
    model.model = std::string("m\0\x01\xff\"", 5);
    model.hour_ms = 1800000000000.0;
    model.requests = 3;
    model.success = 2;
    model.failure = 1;
    model.latency_ms = 250;
    model.latency_count = 2;
    model.prompt = 9'000'000'000'000'000;
    batch.models.push_back(model);
    stats::KeyTally key;
    key.id = "k";
    key.last_success_ms = 5.0;
    key.fails = 2;
    key.fails_reset = true;
    batch.keys.push_back(key);
    keys::VerdictRecord verdict;
    verdict.id = "k";
    verdict.state = keys::VerdictRecord::State::benched;
    verdict.reason = "weekly_limit";
    verdict.evidence = "429: \"you\"\n";
    verdict.until_ms = 7.9;
    verdict.at_ms = 6;
    verdict.remaining = 0.1234;
    batch.verdicts.push_back(verdict);
    const Json written = parsed(store::record_arguments("p", batch, 1500));
    CHECK(json::get_int(written, "window_ms") == 1500);
    CHECK(written["batch"] == "0123");
    CHECK(written["at_ms"] == 1800000000001);
    CHECK(written["models"][0]["model"] == "m  \xEF\xBF\xBD\"");
    CHECK(written["models"][0]["prompt"] == 9'000'000'000'000'000);
    CHECK(written["models"][0]["latency_ms"] == 250);
    CHECK(written["models"][0]["latency_count"] == 2);
    CHECK(written["keys"][0]["last_success_ms"] == 5);
    CHECK_FALSE(written["keys"][0].contains("last_failure_ms"));
    CHECK(written["keys"][0]["fails_reset"] == true);
    CHECK(written["tokens"].empty());
    const Json& told = written["verdicts"][0];
    CHECK(told["state"] == "benched");
    CHECK(told["until_ms"] == 7);
    CHECK(told["quota"]["remaining"] == 0.123);
    CHECK(told["evidence"] == "429: \"you\" ");
    CHECK_FALSE(told.contains("model"));
    CHECK_FALSE(told.contains("ceiling"));
}

TEST_CASE("a database that does not tell keys' changes and tokens' apart means both when it could not tell all") {
    const auto more_tokens = [](const char* members) { return store::decode_changes(*json::parse("{\"now_ms\":1,\"keys\":[]" + std::string(members) + "}"))->more_tokens; };
    CHECK_FALSE(more_tokens(""));
    CHECK(more_tokens(R"(,"more":true)"));
    CHECK_FALSE(more_tokens(R"(,"more":true,"more_tokens":false)"));
    CHECK(more_tokens(R"(,"more":true,"more_tokens":true)"));
}
