// What comes from the database and what was found out here: the newer one counts, tickets stay good, clocks may differ.
#include "base/limits.hpp"
#include "support/catch.hpp"
#include "unit/keys_pool_support.hpp"

using namespace edgepool;
using namespace edgepool::keys;
using State = VerdictRecord::State;

namespace {

Changes changes_at(double now_ms) {
    Changes changes;
    changes.db_now_ms = now_ms;
    return changes;
}

KeyChange benched(int number, double until_ms, double at_ms) {
    KeyChange change;
    change.id = key_id(number);
    change.status = "failed";
    change.reason = "weekly_limit";
    change.until_ms = until_ms;
    change.at_ms = at_ms;
    return change;
}

KeyChange active(int number, double at_ms) {
    KeyChange change;
    change.id = key_id(number);
    change.status = "active";
    change.usable = true;
    change.secret = "secret-" + std::to_string(number);
    change.at_ms = at_ms;
    return change;
}

}  // namespace

TEST_CASE("a bench made by another isolate holds here") {
    Rig rig(1);
    Changes changes = changes_at(rig.now_ms);
    changes.keys.push_back(benched(0, rig.now_ms + kHourMs, rig.now_ms));
    rig.pool.apply(changes, rig.now_ms);
    CHECK_FALSE(rig.take());
    rig.now_ms += kHourMs;
    const auto probe = rig.take();
    REQUIRE(probe);
    CHECK(probe->probe);
}

TEST_CASE("an older verdict never overwrites a newer one") {
    Rig rig(1);
    rig.now_ms += kMinuteMs;
    SECTION("an older bench does not touch a recovered key") {
        rig.fail(*rig.take(), Bench::spent(rig.now_ms + kMinuteMs));
        rig.now_ms += kMinuteMs;
        rig.succeed(*rig.take());
        Changes changes = changes_at(rig.now_ms);
        changes.keys.push_back(benched(0, rig.now_ms + kHourMs, rig.now_ms - 1));
        rig.pool.apply(changes, rig.now_ms);
        CHECK(rig.take());
    }
    SECTION("an older recovery does not lift a newer bench") {
        rig.fail(*rig.take(), Bench::spent(rig.now_ms + kHourMs));
        Changes changes = changes_at(rig.now_ms);
        changes.keys.push_back(active(0, rig.now_ms - 1));
        rig.pool.apply(changes, rig.now_ms);
        CHECK_FALSE(rig.take());
    }
    SECTION("a newer recovery does") {
        rig.fail(*rig.take(), Bench::spent(rig.now_ms + kHourMs));
        Changes changes = changes_at(rig.now_ms + 10);
        changes.keys.push_back(active(0, rig.now_ms + 5));
        rig.pool.apply(changes, rig.now_ms + 10);
        CHECK(rig.take());
    }
    SECTION("nor does an older bench of a model shorten a newer one") {
        rig.fail(*rig.take(), Bench::pair("m", rig.now_ms + kHourMs));
        Changes changes = changes_at(rig.now_ms);
        changes.models.push_back({key_id(0), "m", "model_not_in_plan", rig.now_ms + 1, rig.now_ms - 1});
        rig.pool.apply(changes, rig.now_ms);
        rig.now_ms += kMinuteMs;
        CHECK_FALSE(rig.take());
    }
}

TEST_CASE("a refusal that another isolate has counted is not counted again for attempts under way here") {
    Rig rig(1);
    rig.now_ms += 10;
    const auto early = rig.take();
    rig.now_ms += 10;
    Changes changes = changes_at(rig.now_ms);
    changes.db_now_ms -= 500;  // the answer was under way, and clocks differ a little
    changes.keys.push_back(benched(0, rig.now_ms + kHourMs, rig.now_ms - 515));
    changes.keys.back().refusals = 1;
    rig.pool.apply(changes, rig.now_ms);
    rig.now_ms += 10;
    rig.fail(*early, Bench::refusal(rig.now_ms));
    CHECK(rig.records.empty());
    CHECK(rig.pool.explain("m", rig.now_ms, 1).at(0).refusals == 1);
    CHECK(rig.state(key_id(0)) == "benched");
}

TEST_CASE("the echo of an own verdict changes nothing") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::spent(rig.now_ms + kMinuteMs));
    const double at_ms = rig.records[0].at_ms;
    rig.now_ms += kMinuteMs;
    const auto probe = rig.take();
    REQUIRE(probe);
    Changes changes = changes_at(rig.now_ms);
    changes.keys.push_back(benched(0, kStartMs + kMinuteMs, at_ms));
    changes.keys.back().usable = true;
    rig.pool.apply(changes, rig.now_ms);
    CHECK_FALSE(rig.take());
    rig.succeed(*probe);
    CHECK(rig.state(key_id(0)) == "ready");
}

TEST_CASE("a disabled, expired or deleted key is gone at the next look, and its tickets settle in peace") {
    Rig rig(2);
    const auto ticket = rig.take_key(key_id(0));
    REQUIRE(ticket);
    Changes changes = changes_at(rig.now_ms + 10);
    SECTION("disabled by hand") {
        KeyChange change = benched(0, 0, rig.now_ms + 5);
        change.status = "disabled";
        change.until_ms.reset();
        changes.keys.push_back(change);
    }
    SECTION("expired, without a verdict") {
        KeyChange change = benched(0, 0, 0);
        change.status = "expired";
        change.until_ms.reset();
        changes.keys.push_back(change);
    }
    SECTION("deleted") { changes.gone.push_back(key_id(0)); }
    rig.pool.apply(changes, rig.now_ms + 10);
    CHECK(rig.pool.size() == 1);
    for (int i = 0; i < 50; ++i) CHECK(rig.take()->id == key_id(1));
    rig.fail(*ticket, Bench::spent(rig.now_ms + kHourMs));
    CHECK(rig.records.empty());
    CHECK(rig.pool.in_flight() == 50);
}

TEST_CASE("a key that is not in the set joins with the next load, not with a change") {
    Rig rig(1);
    Changes changes = changes_at(rig.now_ms);
    changes.keys.push_back(active(1, rig.now_ms));
    rig.pool.apply(changes, rig.now_ms);
    CHECK_FALSE(rig.pool.contains(key_id(1)));
    rig.pool.load(working_set(2, rig.now_ms), rig.now_ms);
    CHECK(rig.pool.contains(key_id(1)));
}

TEST_CASE("a cool-off after a concurrency refusal outlasts a load") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::crowded(rig.now_ms));
    rig.pool.load(working_set(1, rig.now_ms), rig.now_ms);
    CHECK_FALSE(rig.take());
    rig.now_ms += 5 * kSecondMs;
    CHECK(rig.take());
}

TEST_CASE("loading anew keeps in-flight places, averages and fresh local benches of keys that stay") {
    Rig rig(3);
    rig.fail(*rig.take_key(key_id(0)), Bench::spent(rig.now_ms + kHourMs));
    const auto held = rig.take_key(key_id(1));
    rig.succeed(*rig.take_key(key_id(1)));
    rig.pool.load(working_set(2, rig.now_ms + kSecondMs), rig.now_ms + kSecondMs);
    CHECK(rig.pool.size() == 2);
    CHECK(rig.state(key_id(0)) == "benched");
    CHECK(rig.state(key_id(2)) == "absent");
    CHECK(rig.pool.in_flight() == 1);
    for (const auto& row : rig.pool.explain("m", rig.now_ms, 10)) {
        if (row.id != key_id(1)) continue;
        CHECK(row.in_flight == 1);
        CHECK(row.latency_ms == 100);
    }
    rig.succeed(*held);
    CHECK(rig.pool.in_flight() == 0);
}

TEST_CASE("what the database has had time to learn and contradicts is given up") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::spent(rig.now_ms + kHourMs));
    rig.now_ms += 61 * kSecondMs;
    rig.pool.load(working_set(1, rig.now_ms), rig.now_ms);
    CHECK(rig.take());
}

TEST_CASE("a slot used anew does not feel the tickets of its former key") {
    Rig rig(1);
    const auto old = rig.take();
    Changes changes = changes_at(rig.now_ms);
    changes.gone.push_back(key_id(0));
    rig.pool.apply(changes, rig.now_ms);
    WorkingSet other = working_set(2, rig.now_ms);
    other.keys.erase(other.keys.begin());
    rig.pool.load(std::move(other), rig.now_ms);
    const auto fresh = rig.take();
    REQUIRE(fresh);
    CHECK(fresh->slot == old->slot);
    rig.fail(*old, Bench::spent(rig.now_ms + kHourMs));
    CHECK(rig.state(key_id(1)) == "ready");
    CHECK(rig.pool.in_flight() == 1);
}

TEST_CASE("settling a ticket twice frees one place") {
    Rig rig(1);
    const auto first = rig.take();
    const auto second = rig.take();
    rig.succeed(*first);
    rig.succeed(*first);
    CHECK(rig.pool.in_flight() == 1);
    rig.succeed(*second);
    CHECK(rig.pool.in_flight() == 0);
}

TEST_CASE("records carry the database's time where the clocks differ, and answers the caller's") {
    KeyPool pool;
    const double db_ms = kStartMs + 3 * kHourMs;
    pool.load(working_set(1, db_ms), kStartMs);
    Random random(1);
    std::vector<VerdictRecord> records;
    const auto ticket = pool.take({"m"}, kStartMs, random);
    const verdict::Verdict spent = Bench::spent(kStartMs + kHourMs);
    KeyPool::Outcome outcome;
    outcome.verdict = &spent;
    pool.settle(*ticket, outcome, kStartMs, records);
    REQUIRE(records.size() == 1);
    CHECK(records[0].at_ms == db_ms);
    CHECK(records[0].until_ms == db_ms + kHourMs);
    CHECK(pool.why_none({"m"}, kStartMs).next_ms == kStartMs + kHourMs);
    CHECK_FALSE(pool.take({"m"}, kStartMs + kHourMs - 1, random));
    CHECK(pool.take({"m"}, kStartMs + kHourMs, random));
}

TEST_CASE("a clock that steps back or forth neither crashes nor benches for ever") {
    Rig rig(2);
    rig.fail(*rig.take_key(key_id(0)), Bench::spent(rig.now_ms + kHourMs));
    const auto held = rig.take_key(key_id(1));
    const double true_ms = rig.now_ms;
    SECTION("back by a year") { rig.now_ms -= 366 * 24 * kHourMs; }
    SECTION("forward by a year") { rig.now_ms += 366 * 24 * kHourMs; }
    SECTION("to the epoch") { rig.now_ms = 0; }
    for (int i = 0; i < 20; ++i) {
        if (const auto ticket = rig.take()) rig.succeed(*ticket);
    }
    // The next look at the database sets the clock right.
    rig.pool.load(working_set(2, true_ms + 2 * kHourMs), rig.now_ms);
    rig.succeed(*held);
    CHECK(rig.take_key(key_id(0)));
    CHECK(rig.take_key(key_id(1)));
    for (const VerdictRecord& record : rig.records) {
        if (record.until_ms) CHECK(*record.until_ms - record.at_ms <= limits::kLongestBenchMs + 1);
    }
}
