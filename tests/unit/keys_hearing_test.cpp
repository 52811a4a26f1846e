// Benches that another isolate tells of before the database does.
#include "support/catch.hpp"
#include "unit/keys_pool_support.hpp"

using namespace edgepool;
using namespace edgepool::keys;

namespace {

ModelBench told(int key, std::string model, double until_ms, double at_ms) { return {key_id(key), std::move(model), "weekly_limit", until_ms, at_ms}; }

// The ids that this pool gives in many requests.
bool gives(KeyPool& pool, const std::string& id, double now_ms, const std::string& model = "m") {
    Random random(3);
    for (int i = 0; i < 60; ++i) {
        const auto ticket = pool.take({model}, now_ms, random);
        if (ticket && ticket->id == id) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("a key that is told to be benched is spared until its time, a key that is not known is nobody's") {
    KeyPool pool;
    pool.load(working_set(2), kStartMs);
    pool.hear(told(0, "", kStartMs + kMinuteMs, kStartMs + 1), kStartMs + 1);
    pool.hear(told(9, "", kStartMs + kMinuteMs, kStartMs + 1), kStartMs + 1);
    CHECK_FALSE(gives(pool, key_id(0), kStartMs + 2));
    CHECK(gives(pool, key_id(1), kStartMs + 2));
    CHECK(gives(pool, key_id(0), kStartMs + kMinuteMs));
}

TEST_CASE("a bench that is over, or older than what is known of the key, changes nothing") {
    KeyPool pool;
    pool.load(working_set(1), kStartMs);
    pool.hear(told(0, "", kStartMs, kStartMs - 5), kStartMs);
    CHECK(gives(pool, key_id(0), kStartMs));
    Changes lifted;
    lifted.db_now_ms = kStartMs + 10;
    KeyChange change;
    change.id = key_id(0);
    change.status = "active";
    change.usable = true;
    change.at_ms = kStartMs + 10;
    lifted.keys.push_back(change);
    pool.apply(lifted, kStartMs + 10);
    pool.hear(told(0, "", kStartMs + kMinuteMs, kStartMs + 9), kStartMs + 11);
    CHECK(gives(pool, key_id(0), kStartMs + 11));
}

TEST_CASE("what is told of one model leaves the key to the others") {
    KeyPool pool;
    pool.load(working_set(1), kStartMs);
    pool.hear(told(0, "big", kStartMs + kMinuteMs, kStartMs + 1), kStartMs + 1);
    CHECK_FALSE(gives(pool, key_id(0), kStartMs + 2, "big"));
    CHECK(gives(pool, key_id(0), kStartMs + 2, "small"));
}

TEST_CASE("the database's word ends what was told") {
    KeyPool pool;
    pool.load(working_set(1), kStartMs);
    pool.hear(told(0, "", kStartMs + kHourMs, kStartMs + 1), kStartMs + 1);
    Changes enabled;
    enabled.db_now_ms = kStartMs + 50;
    KeyChange change;
    change.id = key_id(0);
    change.status = "active";
    change.usable = true;
    change.at_ms = kStartMs + 50;
    enabled.keys.push_back(change);
    pool.apply(enabled, kStartMs + 50);
    CHECK(gives(pool, key_id(0), kStartMs + 51));
}
