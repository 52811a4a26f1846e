// When it is not the keys: service failures and refusals of everybody, told apart from a few bad keys.
#include "support/catch.hpp"
#include "unit/keys_pool_support.hpp"

using namespace edgepool;
using namespace edgepool::keys;
using Kind = KeyPool::Shortage::Kind;
using State = VerdictRecord::State;

namespace {

// One attempt after another, `gap_ms` apart, each refused by `make`; until none is given or `most` were made.
template <class Make>
int fail_in_a_row(Rig& rig, int most, double gap_ms, Make make, std::string_view model = "m") {
    int made = 0;
    while (made < most) {
        const auto ticket = rig.take(model);
        if (!ticket) break;
        rig.fail(*ticket, make(rig.now_ms), model);
        rig.now_ms += gap_ms;
        ++made;
    }
    return made;
}

verdict::Verdict service(double) { return Bench::service(); }

}  // namespace

TEST_CASE("when the service fails for everybody requests fail fast, and nothing was benched") {
    Rig rig(50);
    CHECK(fail_in_a_row(rig, 100, 100, service) < 10);
    const auto shortage = rig.pool.why_none({"m"}, rig.now_ms);
    CHECK(shortage.kind == Kind::incident);
    REQUIRE(shortage.next_ms);
    CHECK(*shortage.next_ms > rig.now_ms);
    CHECK(*shortage.next_ms <= rig.now_ms + IncidentGuard::kLongestPauseMs);
    CHECK(rig.pool.incident(rig.now_ms).active);
    CHECK(rig.pool.incident(rig.now_ms).reason == "overloaded");
    CHECK(rig.records.empty());
    CHECK(rig.pool.usable(rig.now_ms) == 50);
}

TEST_CASE("during an incident single probes pass, and the first success ends it") {
    Rig rig(50);
    fail_in_a_row(rig, 100, 100, service);
    int probes = 0;
    for (int second = 0; second < 60; ++second) {
        rig.now_ms += kSecondMs;
        if (const auto probe = rig.take()) {
            ++probes;
            rig.fail(*probe, Bench::service());
        }
        CHECK_FALSE(rig.take());
    }
    CHECK(probes >= 4);
    CHECK(probes <= 20);
    rig.now_ms += IncidentGuard::kLongestPauseMs;
    const auto probe = rig.take();
    REQUIRE(probe);
    rig.succeed(*probe);
    CHECK_FALSE(rig.pool.incident(rig.now_ms).active);
    CHECK(rig.take());
    CHECK(rig.take());
}

TEST_CASE("an incident without any traffic is forgotten") {
    Rig rig(50);
    fail_in_a_row(rig, 100, 100, service);
    rig.now_ms += IncidentGuard::kForgetMs + 1;
    CHECK_FALSE(rig.pool.incident(rig.now_ms).active);
    CHECK(rig.take());
    CHECK(rig.take());
}

TEST_CASE("failures spread over minutes are no incident") {
    Rig rig(50);
    CHECK(fail_in_a_row(rig, 30, 20 * kSecondMs, service) == 30);
}

TEST_CASE("failures among successes are no incident") {
    Rig rig(50);
    for (int i = 0; i < 60; ++i) {
        const auto ticket = rig.take();
        REQUIRE(ticket);
        if (i % 2 == 0) rig.fail(*ticket, Bench::service());
        else rig.succeed(*ticket);
        rig.now_ms += 50;
    }
    CHECK_FALSE(rig.pool.incident(rig.now_ms).active);
}

TEST_CASE("one model's trouble does not stop the others") {
    Rig rig(50);
    fail_in_a_row(rig, 100, 100, service, "broken");
    CHECK_FALSE(rig.take("broken"));
    CHECK(rig.pool.incident(rig.now_ms).model == "broken");
    const auto other = rig.take("fine");
    REQUIRE(other);
    rig.succeed(*other, "fine");
    CHECK_FALSE(rig.take("broken"));
    CHECK(rig.take("fine"));
}

TEST_CASE("when several models fail it is the provider as a whole") {
    Rig rig(50);
    fail_in_a_row(rig, 100, 100, service, "first");
    fail_in_a_row(rig, 100, 100, service, "second");
    CHECK(rig.pool.incident(rig.now_ms).model.empty());
    CHECK_FALSE(rig.take("third"));
}

TEST_CASE("three keys that are all refused are three refused keys") {
    Rig rig(3);
    CHECK(fail_in_a_row(rig, 100, 100, Bench::refusal) == 3);
    CHECK(rig.pool.usable(rig.now_ms) == 0);
    CHECK(rig.pool.why_none({"m"}, rig.now_ms).kind == Kind::all_benched);
    CHECK(rig.records.size() == 3);
}

TEST_CASE("three keys that all meet an overloaded service are not benched, and requests soon fail fast") {
    Rig rig(3);
    CHECK(fail_in_a_row(rig, 100, 100, service) == 6);
    CHECK(rig.pool.why_none({"m"}, rig.now_ms).kind == Kind::incident);
    CHECK(rig.pool.usable(rig.now_ms) == 3);
    CHECK(rig.records.empty());
}

TEST_CASE("a single failing answer is no incident even with one key") {
    Rig rig(1);
    rig.fail(*rig.take(), Bench::service());
    CHECK(rig.take());
}

TEST_CASE("when good keys are refused all at once the benches made so far are taken back") {
    Rig rig(40);
    fail_in_a_row(rig, 100, 100, Bench::refusal);
    CHECK(rig.pool.incident(rig.now_ms).active);
    CHECK(rig.pool.usable(rig.now_ms) == 40);
    std::size_t balance = 0;
    for (const VerdictRecord& record : rig.records) balance += record.state == State::benched ? 1u : static_cast<std::size_t>(-1);
    CHECK(balance == 0);
    for (const VerdictRecord& record : rig.records) {
        if (record.state == State::active) CHECK(record.refusals == 0);
    }
}

TEST_CASE("keys that were in trouble before are no evidence against the provider") {
    WorkingSet set = working_set(40);
    for (KeyRow& row : set.keys) row.fails = 1;
    Rig rig(0);
    rig.pool.load(std::move(set), rig.now_ms);
    CHECK(fail_in_a_row(rig, 100, 100, Bench::refusal) == 40);
    CHECK(rig.pool.usable(rig.now_ms) == 0);
}

TEST_CASE("revoked keys among working ones are benched, however many") {
    Rig rig(60);
    std::size_t benched = 0;
    for (int i = 0; i < 3'000; ++i) {
        const auto ticket = rig.take();
        REQUIRE(ticket);
        const bool is_revoked = ticket->id < key_id(20);
        if (is_revoked) rig.fail(*ticket, Bench::refusal(rig.now_ms));
        else rig.succeed(*ticket);
        rig.now_ms += 50;
    }
    for (const auto& row : rig.pool.explain("m", rig.now_ms, 60)) benched += row.state == "benched" ? 1u : 0u;
    CHECK(benched == 20);
}

TEST_CASE("a refusal of everybody that outlasts all patience is believed") {
    Rig rig(40);
    const double began_ms = rig.now_ms;
    while (rig.pool.usable(rig.now_ms) > 0 && rig.now_ms < began_ms + 4 * IncidentGuard::kPatienceMs) {
        if (const auto ticket = rig.take()) rig.fail(*ticket, Bench::refusal(rig.now_ms));
        rig.now_ms += 500;
        if (rig.now_ms < began_ms + IncidentGuard::kPatienceMs) CHECK(rig.pool.usable(rig.now_ms) >= 16);
    }
    CHECK(rig.pool.usable(rig.now_ms) == 0);
    CHECK(rig.pool.why_none({"m"}, rig.now_ms).kind == Kind::all_benched);
}

TEST_CASE("a spent quota is no evidence, even when all keys of an account run out together") {
    Rig rig(40);
    CHECK(fail_in_a_row(rig, 100, 100, [](double now_ms) { return Bench::spent(now_ms + kHourMs); }) == 40);
    CHECK_FALSE(rig.pool.incident(rig.now_ms).active);
}

TEST_CASE("a clock set back does not prolong an incident") {
    Rig rig(50);
    fail_in_a_row(rig, 100, 100, service);
    rig.now_ms -= 10 * kHourMs;
    CHECK_FALSE(rig.pool.incident(rig.now_ms).active);
    CHECK(rig.take());
}
