// Which key serves: the strategies, and what is true of all of them.
#include <algorithm>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "support/catch.hpp"
#include "unit/keys_pool_support.hpp"

using namespace edgepool;
using namespace edgepool::keys;
using Kind = KeyPool::Shortage::Kind;

namespace {

const std::vector<Strategy> kAll = {Strategy::p2c, Strategy::round_robin, Strategy::random, Strategy::affinity};

}  // namespace

TEST_CASE("strategies are known by their configuration names") {
    CHECK(parse_strategy("p2c") == Strategy::p2c);
    CHECK(parse_strategy("round_robin") == Strategy::round_robin);
    CHECK(parse_strategy("random") == Strategy::random);
    CHECK(parse_strategy("affinity") == Strategy::affinity);
    CHECK_FALSE(parse_strategy("roundrobin"));
    CHECK_FALSE(parse_strategy(""));
}

TEST_CASE("a request never draws the same key twice, and is told when all were tried") {
    for (const Strategy strategy : kAll) {
        Rig rig(5, strategy);
        std::vector<std::string> tried;
        while (const auto ticket = rig.take("m", &tried)) {
            CHECK(std::find(tried.begin(), tried.end(), ticket->id) == tried.end());
            tried.push_back(ticket->id);
            rig.fail(*ticket, Bench::client());
        }
        CHECK(tried.size() == 5);
        CHECK(rig.pool.why_none({"m", {}, &tried}, rig.now_ms).kind == Kind::all_tried);
    }
}

TEST_CASE("no key starves, and idle equal keys share the load evenly") {
    for (const Strategy strategy : {Strategy::p2c, Strategy::round_robin, Strategy::random}) {
        Rig rig(10, strategy);
        std::map<std::string, int> uses;
        for (int i = 0; i < 10'000; ++i) {
            const auto ticket = rig.take();
            ++uses[ticket->id];
            rig.succeed(*ticket);
        }
        CHECK(uses.size() == 10);
        for (const auto& [id, count] : uses) {
            CHECK(count > 700);
            CHECK(count < 1300);
        }
    }
}

TEST_CASE("round robin goes round") {
    Rig rig(4, Strategy::round_robin);
    std::vector<std::string> order;
    for (int i = 0; i < 8; ++i) {
        order.push_back(rig.take()->id);
    }
    CHECK(std::set<std::string>(order.begin(), order.begin() + 4).size() == 4);
    CHECK(std::equal(order.begin(), order.begin() + 4, order.begin() + 4));
}

TEST_CASE("two choices keep the busiest key close to the average") {
    Rig rig(100);
    std::map<std::string, int> in_flight;
    for (int i = 0; i < 1'000; ++i) ++in_flight[rig.take()->id];
    const auto busiest = std::max_element(in_flight.begin(), in_flight.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    CHECK(busiest->second <= 16);
}

TEST_CASE("a key with little quota left is drawn less, but is drawn") {
    KeyPool pool;
    WorkingSet set = working_set(2);
    set.keys[0].remaining = 0.1;
    pool.load(std::move(set), kStartMs);
    Rig rig(0);
    std::map<std::string, int> uses;
    KeyPool::Outcome success;
    success.success = true;
    for (int i = 0; i < 2'000; ++i) {
        const auto ticket = pool.take({"m"}, kStartMs, rig.random);
        ++uses[ticket->id];
        pool.settle(*ticket, success, kStartMs, rig.records);
    }
    CHECK(uses[key_id(0)] > 50);
    CHECK(uses[key_id(0)] * 2 < uses[key_id(1)]);
}

TEST_CASE("affinity keeps a client on its key, spreads clients over keys, and moves only those whose key rests") {
    Rig rig(20, Strategy::affinity);
    const auto key_of = [&](int client) {
        const auto ticket = rig.take("m", nullptr, "client-" + std::to_string(client));
        rig.succeed(*ticket);
        return ticket->id;
    };
    std::map<int, std::string> home;
    std::map<std::string, int> clients;
    for (int client = 0; client < 2'000; ++client) {
        home[client] = key_of(client);
        ++clients[home[client]];
        CHECK(key_of(client) == home[client]);
    }
    CHECK(clients.size() == 20);
    for (const auto& [id, count] : clients) CHECK(count < 250);

    const std::string rests = home[0];
    rig.fail(*rig.take_key(rests), Bench::spent(rig.now_ms + kHourMs));
    std::set<std::string> shelters;
    for (int client = 0; client < 2'000; ++client) {
        if (home[client] != rests) CHECK(key_of(client) == home[client]);
        else shelters.insert(key_of(client));
    }
    CHECK(shelters.size() > 8);
}

TEST_CASE("a benched majority for one model does not hide the key that can serve it") {
    for (const Strategy strategy : kAll) {
        Rig rig(300, strategy);
        for (int i = 0; i < 300; ++i) {
            if (i != 123) rig.fail(*rig.take_key(key_id(i), "big"), Bench::pair("big", rig.now_ms + kHourMs), "big");
        }
        const auto ticket = rig.take("big");
        REQUIRE(ticket);
        CHECK(ticket->id == key_id(123));
    }
}

TEST_CASE("a recovering key gets its probe soon, and a request that has failed once is not spent on one") {
    Rig rig(10);
    rig.fail(*rig.take_key(key_id(3)), Bench::spent(rig.now_ms + kHourMs));
    rig.now_ms += kHourMs;
    const std::vector<std::string> tried = {key_id(0)};
    for (int i = 0; i < 200; ++i) {
        const auto ticket = rig.take("m", &tried);
        CHECK_FALSE(ticket->probe);
        rig.succeed(*ticket);
    }
    int requests = 0;
    bool probed = false;
    while (!probed && requests < 500) {
        const auto ticket = rig.take();
        probed = ticket->probe;
        rig.succeed(*ticket);
        ++requests;
    }
    CHECK(probed);
}

TEST_CASE("an empty pool says so") {
    Rig rig(0);
    CHECK_FALSE(rig.take());
    CHECK(rig.pool.why_none({"m"}, rig.now_ms).kind == Kind::empty);
}

TEST_CASE("a pool at rest says when the first key comes back, whether it is here or in the database") {
    Rig rig(2);
    rig.fail(*rig.take_key(key_id(0)), Bench::spent(rig.now_ms + 2 * kHourMs));
    rig.fail(*rig.take_key(key_id(1)), Bench::spent(rig.now_ms + kHourMs));
    CHECK_FALSE(rig.take());
    auto shortage = rig.pool.why_none({"m"}, rig.now_ms);
    CHECK(shortage.kind == Kind::all_benched);
    CHECK(shortage.next_ms == rig.now_ms + kHourMs);
    Changes changes;
    changes.db_now_ms = rig.now_ms;
    changes.next_ms = rig.now_ms + kMinuteMs;
    rig.pool.apply(changes, rig.now_ms);
    shortage = rig.pool.why_none({"m"}, rig.now_ms);
    CHECK(shortage.next_ms == rig.now_ms + kMinuteMs);
}

TEST_CASE("an explanation lists the keys in order of preference, then the others with their reasons") {
    Rig rig(5);
    rig.fail(*rig.take_key(key_id(0)), Bench::spent(rig.now_ms + kHourMs));
    rig.fail(*rig.take_key(key_id(1)), Bench::pair("m", rig.now_ms + kMinuteMs));
    const auto busy = rig.take_key(key_id(2));
    const auto rows = rig.pool.explain("m", rig.now_ms, 10);
    REQUIRE(rows.size() == 5);
    CHECK(rows[0].state == "ready");
    CHECK(rows[0].in_flight == 0);
    CHECK(rows[2].id == key_id(2));
    CHECK(rows[2].in_flight == 1);
    CHECK(rows[3].state == "model_benched");
    CHECK(rows[3].reason == "model_not_in_plan");
    CHECK(rows[4].state == "benched");
    CHECK(rows[4].reason == "weekly_limit");
    CHECK(rows[4].until_ms == rig.now_ms + kHourMs);
    CHECK(rig.pool.explain("m", rig.now_ms, 2).size() == 2);
}

TEST_CASE("a hundred thousand keys can be loaded and drawn from") {
    Rig rig(100'000);
    CHECK(rig.pool.size() == 100'000);
    std::set<std::string> drawn;
    for (int i = 0; i < 2'000; ++i) drawn.insert(rig.take()->id);
    CHECK(drawn.size() > 1'900);
}
