// Three refusals in a row: the key rests at once, and its provider's key-information route says whether it is disabled.
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

constexpr std::string_view kInformation = "/api/balance";

Reply good_information() { return json_reply(200, R"({"included":{"session":{"remaining_percent":40},"weekly":{"remaining_percent":50}}})"); }

// A key that was refused twice in a row before.
void add_accused(FakeDatabase& database, std::string_view key) {
    database.add_key(key);
    StoredKey row = database.key(key);
    row.refusals = 2;
    database.change_key(key, 0, std::move(row));
}

// The first key was refused twice in a row before, and is refused again; two others serve.
struct AccusedPool : Pool {
    explicit AccusedPool(Reply information) : Pool(2) {
        add_accused(database, kAccused);
        upstream.for_key(kAccused, refusal(401));
        upstream.for_path(kInformation, std::move(information));
        warm();
    }

    // Until the key has met its third refusal.
    void accuse() {
        for (int i = 0; i < 60 && asked_with_key() == 0; ++i) CHECK(host.ask(chat()).status == 200);
        REQUIRE(asked_with_key() > 0);
    }

    std::size_t asked_with_key() const { return seen_by([](const Seen& seen) { return seen.key == kAccused && !has(seen.url, kInformation); }); }
    std::size_t questions() const { return seen_by([](const Seen& seen) { return has(seen.url, kInformation); }); }
    StoredKey stored() { return database.key(kAccused); }

    static constexpr std::string_view kAccused = "accused-key-secret";

private:
    template <class Test>
    std::size_t seen_by(Test test) const {
        return static_cast<std::size_t>(std::count_if(seen().begin(), seen().end(), test));
    }
    const std::vector<Seen>& seen() const { return const_cast<ScriptedUpstream&>(upstream).seen(); }
};

}  // namespace

TEST_CASE("a key that the key-information route refuses as well is disabled, and the client did not wait for that") {
    AccusedPool pool(refusal(401));
    pool.accuse();
    pool.settle();
    CHECK(pool.questions() == 1);
    CHECK(pool.stored().status == "disabled");
    CHECK(pool.stored().refusals == 3);
    CHECK(pool.stored().reason == "key_refused");
    pool.time.run_for(24 * 3600 * kSecondMs);
    for (int i = 0; i < 30; ++i) CHECK(pool.host.ask(chat()).status == 200);
    CHECK(pool.asked_with_key() == 1);
}

TEST_CASE("a key that the key-information route accepts rests as after one refusal, and its count begins anew") {
    AccusedPool pool(good_information());
    pool.accuse();
    const double refused_ms = pool.time.now_ms();
    pool.settle();
    CHECK(pool.questions() == 1);
    CHECK(pool.stored().status == "failed");
    CHECK(pool.stored().refusals == 1);
    REQUIRE(pool.stored().until_ms);
    CHECK(*pool.stored().until_ms - refused_ms <= 3600 * kSecondMs);
    CHECK(*pool.stored().until_ms - refused_ms > 3590 * kSecondMs);
    pool.upstream.forget_keys();
    pool.time.run_for(3601 * kSecondMs);
    const std::size_t before = pool.asked_with_key();
    for (int i = 0; i < 60; ++i) CHECK(pool.host.ask(chat()).status == 200);
    CHECK(pool.asked_with_key() > before);
    pool.settle();
    CHECK(pool.stored().status == "active");
}

TEST_CASE("a key that nothing can be learnt about keeps its bench of an hour, and is asked about again at its next refusal") {
    const Reply information = GENERATE(refusal(503), refusal(429), unreachable(), json_reply(200, "not what it was"));
    AccusedPool pool(information);
    pool.accuse();
    pool.settle();
    CHECK(pool.stored().status == "failed");
    CHECK(pool.stored().refusals == 3);
    CHECK(pool.questions() == 1);
    pool.time.run_for(3601 * kSecondMs);
    for (int i = 0; i < 60 && pool.asked_with_key() < 2; ++i) CHECK(pool.host.ask(chat()).status == 200);
    pool.settle();
    CHECK(pool.questions() == 2);
    CHECK(pool.stored().status == "failed");
}

TEST_CASE("a crowd that is refused together asks once about the key") {
    AccusedPool pool(refusal(401));
    std::vector<const ClientAnswer*> answers;
    for (int i = 0; i < 60; ++i) answers.push_back(&pool.host.send(chat()));
    pool.settle();
    for (const ClientAnswer* answer : answers) CHECK(answer->status == 200);
    CHECK(pool.asked_with_key() > 1);
    CHECK(pool.questions() == 1);
    CHECK(pool.stored().status == "disabled");
}

TEST_CASE("many keys that fill their row in one minute do not ask the provider more often than it allows") {
    Pool pool(0);
    for (int i = 1; i <= 30; ++i) add_accused(pool.database, key_name(i));
    pool.upstream.by_default(refusal(401));
    pool.upstream.for_path(kInformation, refusal(401));
    for (int i = 0; i < 10; ++i) pool.host.ask(chat());
    pool.settle();
    const auto seen = pool.upstream.seen();
    const auto questions = std::count_if(seen.begin(), seen.end(), [](const Seen& each) { return has(each.url, kInformation); });
    CHECK(questions == 10);
    int disabled = 0;
    for (int i = 1; i <= 30; ++i) disabled += pool.database.key(key_name(i)).status == "disabled" ? 1 : 0;
    CHECK(disabled == 10);
}
