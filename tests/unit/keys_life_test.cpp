// The life of a key: benched, half-open, recovering, disabled.
#include "base/limits.hpp"
#include "support/catch.hpp"
#include "unit/keys_pool_support.hpp"

using namespace edgepool;
using namespace edgepool::keys;
using State = VerdictRecord::State;
using Kind = KeyPool::Shortage::Kind;

TEST_CASE("a benched key is not drawn until its time, and is persisted with reason, evidence and time") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::spent(rig.now_ms + kHourMs));
    REQUIRE(rig.records.size() == 1);
    CHECK(rig.records[0].state == State::benched);
    CHECK(rig.records[0].reason == "weekly_limit");
    CHECK(rig.records[0].evidence == "429: told so");
    CHECK(rig.records[0].until_ms == kStartMs + kHourMs);
    CHECK_FALSE(rig.take());
    CHECK(rig.pool.usable(rig.now_ms) == 0);
    rig.now_ms += kHourMs - 1;
    CHECK_FALSE(rig.take());
    rig.now_ms += 1;
    CHECK(rig.pool.usable(rig.now_ms) == 1);
    CHECK(rig.take());
}

TEST_CASE("after a bench one request probes and the rest wait until it has an answer") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::spent(rig.now_ms + kHourMs));
    rig.now_ms += kHourMs;
    const auto probe = rig.take();
    REQUIRE(probe);
    CHECK(probe->probe);
    CHECK_FALSE(rig.take());
    CHECK(rig.state(key_id(0)) == "probing");
    CHECK(rig.pool.why_none({"m"}, rig.now_ms).kind == Kind::all_busy);
}

TEST_CASE("a probe that succeeds opens the key, and its load may grow step by step") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::spent(rig.now_ms + kHourMs));
    rig.now_ms += kHourMs;
    rig.records.clear();
    rig.succeed(*rig.take());
    REQUIRE(rig.records.size() == 1);
    CHECK(rig.records[0].state == State::active);
    CHECK(rig.records[0].refusals == 0);

    std::vector<KeyPool::Ticket> held;
    while (const auto ticket = rig.take()) held.push_back(*ticket);
    CHECK(held.size() == 2);
    rig.succeed(held.back());
    held.pop_back();
    while (const auto ticket = rig.take()) held.push_back(*ticket);
    CHECK(held.size() == 4);
    while (!held.empty()) {
        rig.succeed(held.back());
        held.pop_back();
    }
    for (int i = 0; i < 100; ++i) held.push_back(*rig.take());
    CHECK(rig.pool.in_flight() == 100);
}

TEST_CASE("a probe's first byte opens the key while its stream goes on") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::spent(rig.now_ms + kHourMs));
    rig.now_ms += kHourMs;
    const auto probe = rig.take();
    rig.records.clear();
    rig.pool.confirm(*probe, rig.now_ms, rig.records);
    REQUIRE(rig.records.size() == 1);
    CHECK(rig.records[0].state == State::active);
    CHECK(rig.take());
    rig.succeed(*probe);
    CHECK(rig.records.size() == 1);
}

TEST_CASE("a probe that decides nothing leaves the key to the next probe") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::spent(rig.now_ms + kHourMs));
    rig.now_ms += kHourMs;
    SECTION("because the client left") { rig.vanish(*rig.take()); }
    SECTION("because the client's request was wrong") { rig.fail(*rig.take(), Bench::client()); }
    SECTION("because the service failed") { rig.fail(*rig.take(), Bench::service()); }
    SECTION("because its request vanished without a word") {
        REQUIRE(rig.take());
        rig.now_ms += Places::kProbePatienceMs;
    }
    const auto next = rig.take();
    REQUIRE(next);
    CHECK(next->probe);
}

TEST_CASE("a probe that is refused benches again") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::spent(rig.now_ms + kHourMs));
    rig.now_ms += kHourMs;
    rig.fail(*rig.take(), Bench::spent(rig.now_ms + 2 * kHourMs));
    CHECK(rig.state(key_id(0)) == "benched");
    CHECK(rig.records.back().until_ms == rig.now_ms + 2 * kHourMs);
}

TEST_CASE("three refusals in a row disable a key") {
    Rig rig(1);
    for (int refusal = 1; refusal <= 3; ++refusal) {
        rig.fail(*rig.take(), Bench::refusal(rig.now_ms));
        CHECK(rig.records.back().refusals == refusal);
        CHECK(rig.records.back().state == (refusal < 3 ? State::benched : State::disabled));
        rig.now_ms += kHourMs;
    }
    rig.now_ms += 1000 * kHourMs;
    CHECK_FALSE(rig.take());
    CHECK(rig.state(key_id(0)) == "disabled");
}

TEST_CASE("attempts that ran side by side and are refused together are one refusal") {
    Rig rig(1);
    std::vector<KeyPool::Ticket> together;
    for (int i = 0; i < 5; ++i) together.push_back(*rig.take());
    rig.now_ms += 10;
    for (const auto& ticket : together) rig.fail(ticket, Bench::refusal(rig.now_ms));
    CHECK(rig.state(key_id(0)) == "benched");
    REQUIRE(rig.records.size() == 1);
    CHECK(rig.records[0].refusals == 1);
}

TEST_CASE("a success between refusals starts the count anew") {
    Rig rig(1);
    for (int round = 0; round < 5; ++round) {
        rig.fail(*rig.take(), Bench::refusal(rig.now_ms));
        rig.now_ms += kHourMs;
        rig.succeed(*rig.take());
        rig.now_ms += 1;
        CHECK(rig.records.back().refusals == 0);
    }
    CHECK(rig.state(key_id(0)) == "ready");
}

TEST_CASE("refusals counted by the database count on here") {
    KeyPool pool;
    WorkingSet set = working_set(1);
    set.keys[0].refusals = 2;
    set.keys[0].probation = true;
    pool.load(std::move(set), kStartMs);
    Rig rig(0);
    const auto ticket = pool.take({"m"}, kStartMs, rig.random);
    REQUIRE(ticket);
    CHECK(ticket->probe);
    const verdict::Verdict refusal = Bench::refusal(kStartMs);
    KeyPool::Outcome outcome;
    outcome.verdict = &refusal;
    pool.settle(*ticket, outcome, kStartMs, rig.records);
    REQUIRE(rig.records.size() == 1);
    CHECK(rig.records[0].state == State::disabled);
    CHECK(rig.records[0].refusals == 3);
}

TEST_CASE("a success that began before the bench does not end it") {
    Rig rig(1);
    const auto slow = rig.take();
    rig.now_ms += 1;
    rig.fail(*rig.take(), Bench::spent(rig.now_ms + kHourMs));
    rig.now_ms += 1;
    rig.succeed(*slow);
    CHECK(rig.state(key_id(0)) == "benched");
    CHECK(rig.records.size() == 1);
}

TEST_CASE("of two benches the longer stays") {
    Rig rig(1);
    const auto first = rig.take();
    const auto second = rig.take();
    rig.fail(*first, Bench::spent(rig.now_ms + 2 * kHourMs));
    rig.fail(*second, Bench::spent(rig.now_ms + kHourMs));
    CHECK(rig.records.size() == 1);
    rig.now_ms += kHourMs;
    CHECK_FALSE(rig.take());
}

TEST_CASE("a bench is never longer than the longest") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::spent(rig.now_ms + 1e15));
    CHECK(rig.records[0].until_ms == kStartMs + limits::kLongestBenchMs);
    rig.now_ms += limits::kLongestBenchMs;
    CHECK(rig.take());
}

TEST_CASE("a service failure benches nothing and persists nothing") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::service());
    CHECK(rig.records.empty());
    CHECK(rig.take());
}

TEST_CASE("a verdict without a time benches nothing") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::of(verdict::Blame::account, "request_exceeds_balance", 0));
    CHECK(rig.records.empty());
    CHECK(rig.take());
}

TEST_CASE("a bench for one model leaves the key to the others") {
    Rig rig(1);
    rig.fail(*rig.take("big"), Bench::pair("big", rig.now_ms + kHourMs), "big");
    CHECK_FALSE(rig.take("big"));
    CHECK(rig.take("small"));
    REQUIRE(rig.records.size() == 1);
    CHECK(rig.records[0].model == "big");
    const auto shortage = rig.pool.why_none({"big"}, rig.now_ms);
    CHECK(shortage.kind == Kind::model_benched);
    CHECK(shortage.next_ms == rig.now_ms + kHourMs);
    rig.now_ms += kHourMs;
    CHECK(rig.take("big"));
}

TEST_CASE("a bench for a family of models covers each of them") {
    Rig rig(1);
    rig.fail(*rig.take("a:free"), Bench::pair("*:free", rig.now_ms + kHourMs), "a:free");
    CHECK_FALSE(rig.take("b:free"));
    CHECK(rig.take("b"));
}

TEST_CASE("benches for more models than are remembered forget the ones that end first") {
    Rig rig(1);
    for (std::size_t i = 0; i <= KeySlot::kMostPairs; ++i) {
        const std::string model = "model-" + std::to_string(i);
        rig.fail(*rig.take(model), Bench::pair(model, rig.now_ms + kHourMs + static_cast<double>(i)), model);
    }
    CHECK(rig.take("model-0"));
    CHECK_FALSE(rig.take("model-1"));
    CHECK_FALSE(rig.take("model-" + std::to_string(KeySlot::kMostPairs)));
}

TEST_CASE("concurrency refusals lower the ceiling to what was running, after a short rest without a probe") {
    Rig rig(1);
    std::vector<KeyPool::Ticket> held;
    for (int i = 0; i < 6; ++i) held.push_back(*rig.take());
    for (int i = 0; i < 3; ++i) {
        rig.fail(held.back(), Bench::crowded(rig.now_ms));
        held.pop_back();
    }
    CHECK(rig.records.back().ceiling == 3);
    CHECK_FALSE(rig.take());
    rig.now_ms += 5 * kSecondMs;
    CHECK_FALSE(rig.take());
    rig.succeed(held.back());
    held.pop_back();
    const auto next = rig.take();
    REQUIRE(next);
    CHECK_FALSE(next->probe);
    CHECK_FALSE(rig.take());
}

TEST_CASE("a ceiling of one is never lowered further") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::crowded(rig.now_ms));
    CHECK(rig.records.back().ceiling == 1);
    rig.now_ms += 5 * kSecondMs;
    CHECK(rig.take());
}

TEST_CASE("a ceiling is relaxed slowly while all goes well, and given up in the end") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::crowded(rig.now_ms));
    rig.now_ms += 5 * kSecondMs;
    rig.succeed(*rig.take());
    CHECK(rig.take());
    CHECK_FALSE(rig.take());
    Rig other(1);
    other.fail(*other.take(), Bench::crowded(other.now_ms));
    other.now_ms += 5 * kSecondMs;
    other.records.clear();
    int steps = 0;
    while (other.records.empty() && steps < 100) {
        other.now_ms += KeySlot::kCeilingRestMs;
        other.succeed(*other.take());
        ++steps;
    }
    CHECK(steps > 5);
    REQUIRE(other.records.size() == 1);
    CHECK(other.records[0].state == State::active);
    CHECK(other.records[0].ceiling == 0);
}

TEST_CASE("a place whose request has vanished is free again after its lifetime") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::crowded(rig.now_ms));
    rig.now_ms += 5 * kSecondMs;
    const auto lost = rig.take();
    CHECK_FALSE(rig.take());
    rig.now_ms += Places::kLifetimeMs - 1;
    CHECK_FALSE(rig.take());
    rig.now_ms += 1;
    CHECK(rig.take());
    rig.succeed(*lost);
    CHECK(rig.pool.in_flight() == 1);
}

TEST_CASE("a key that expires is not drawn from that moment on") {
    KeyPool pool;
    WorkingSet set = working_set(1);
    set.keys[0].expires_ms = kStartMs + kHourMs;
    pool.load(std::move(set), kStartMs);
    Random random(1);
    CHECK(pool.take({"m"}, kStartMs + kHourMs - 1, random));
    CHECK_FALSE(pool.take({"m"}, kStartMs + kHourMs, random));
}
