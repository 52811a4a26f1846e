// The life of a key: benched, half-open, recovering, disabled.
#include "base/limits.hpp"
#include "support/catch.hpp"
#include "unit/keys_pool_support.hpp"

using namespace edgepool;
using namespace edgepool::keys;
using State = VerdictRecord::State;
using Kind = KeyPool::Shortage::Kind;
using Standing = verdict::ProbeReading::Standing;

namespace {

// The first key was refused twice in a row, as far as the database has counted.
struct AccusedRig : Rig {
    explicit AccusedRig(int keys = 1) : Rig(keys) {
        WorkingSet set = working_set(keys);
        set.keys[0].refusals = 2;
        pool.load(std::move(set), now_ms);
        ++now_ms;
    }

    // The third refusal.
    Suspect accuse() {
        fail(*take_key(key_id(0)), Bench::refusal(now_ms));
        REQUIRE(suspect);
        return *suspect;
    }
};

}  // namespace

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

TEST_CASE("the third refusal in a row benches a key like the others, and asks for a second opinion") {
    Rig rig(1);
    for (int refusal = 1; refusal <= 3; ++refusal) {
        rig.fail(*rig.take(), Bench::refusal(rig.now_ms));
        CHECK(rig.records.back().refusals == refusal);
        CHECK(rig.records.back().state == State::benched);
        CHECK(rig.suspect.has_value() == (refusal == 3));
        CHECK_FALSE(rig.take());
        rig.now_ms += kHourMs;
    }
    CHECK(rig.suspect->id == key_id(0));
    CHECK(rig.suspect->secret == "secret-0");
    CHECK(rig.suspect->at_ms == rig.records.back().at_ms);
}

TEST_CASE("of a crowd of attempts that meet the third refusal one asks for a second opinion, and the bench is not drawn out") {
    AccusedRig rig;
    std::vector<KeyPool::Ticket> crowd;
    for (int i = 0; i < 5; ++i) crowd.push_back(*rig.take());
    int suspects = 0;
    for (const auto& ticket : crowd) {
        rig.fail(ticket, Bench::refusal(++rig.now_ms));
        if (rig.suspect) ++suspects;
    }
    CHECK(suspects == 1);
    CHECK(rig.records.size() == 1);
}

TEST_CASE("what the second opinion says decides: refused disables, accepted counts as one refusal, nothing leaves the bench") {
    const auto [standing, state, refusals] = GENERATE(table<Standing, State, int>({{Standing::refused, State::disabled, 3},
                                                                                   {Standing::good, State::benched, 1},
                                                                                   {Standing::spent, State::benched, 1},
                                                                                   {Standing::expired, State::expired, 1},
                                                                                   {Standing::unsuitable, State::disabled, 1}}));
    CAPTURE(verdict::standing_name(standing));
    AccusedRig rig;
    const Suspect suspect = rig.accuse();
    rig.records.clear();
    verdict::ProbeReading reading;
    reading.standing = standing;
    reading.until_ms = standing == Standing::spent ? suspect.until_ms + kHourMs : 0;
    rig.pool.rule(suspect, reading, rig.now_ms, rig.records);
    REQUIRE(rig.records.size() == 1);
    CHECK(rig.records[0].state == state);
    CHECK(rig.records[0].refusals == refusals);
    CHECK(rig.records[0].at_ms == suspect.at_ms + 1);
    CHECK(rig.records[0].until_ms.has_value() == (state == State::benched));
    CHECK(rig.state(key_id(0)) == (state == State::benched ? "benched" : "disabled"));
    rig.now_ms = suspect.until_ms;
    CHECK(rig.take().has_value() == (standing == Standing::good));
}

TEST_CASE("a key that nothing was said about comes back by itself after its hour, and its next refusal asks again") {
    AccusedRig rig;
    const Suspect suspect = rig.accuse();
    rig.records.clear();
    rig.pool.rule(suspect, verdict::ProbeReading{}, rig.now_ms, rig.records);
    CHECK(rig.records.empty());
    CHECK_FALSE(rig.take());
    rig.now_ms += kHourMs;
    const auto probe = rig.take();
    REQUIRE(probe);
    CHECK(probe->probe);
    rig.fail(*probe, Bench::refusal(rig.now_ms));
    REQUIRE(rig.suspect);
    CHECK(rig.suspect->refusals == 4);
}

TEST_CASE("a second opinion that comes late yields to what is newer, and to an incident") {
    AccusedRig rig(20);
    const Suspect suspect = rig.accuse();
    verdict::ProbeReading refused;
    refused.standing = Standing::refused;
    SECTION("the key was turned on by hand meanwhile") {
        Changes changes;
        changes.db_now_ms = ++rig.now_ms;
        KeyChange change;
        change.id = suspect.id;
        change.status = "active";
        change.usable = true;
        change.at_ms = rig.now_ms;
        changes.keys.push_back(change);
        rig.pool.apply(changes, rig.now_ms);
        rig.records.clear();
        rig.pool.rule(suspect, refused, rig.now_ms, rig.records);
        CHECK(rig.state(suspect.id) == "ready");
        CHECK(rig.records.empty());
    }
    SECTION("everybody is refused, so this key's refusals mean nothing") {
        for (int i = 0; i < 20 && !rig.pool.incident(rig.now_ms).active; ++i) rig.fail(*rig.take(), Bench::refusal(rig.now_ms));
        REQUIRE(rig.pool.incident(rig.now_ms).active);
        rig.records.clear();
        rig.pool.rule(suspect, refused, rig.now_ms, rig.records);
        CHECK(rig.state(suspect.id) != "disabled");
        CHECK(rig.records.empty());
    }
    SECTION("the key has left the working set: what was found out is told all the same, as older than anything since") {
        WorkingSet others = working_set(20);
        others.keys.erase(others.keys.begin());
        rig.pool.load(std::move(others), rig.now_ms);
        rig.records.clear();
        rig.pool.rule(suspect, refused, rig.now_ms, rig.records);
        REQUIRE(rig.records.size() == 1);
        CHECK(rig.records[0].state == State::disabled);
        CHECK(rig.records[0].at_ms == suspect.at_ms + 1);
        CHECK(rig.state(suspect.id) == "absent");
    }
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
    CHECK(rig.records[0].state == State::benched);
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
