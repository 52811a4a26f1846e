// What an upstream's refusal does: another key, or straight back to the client.
#include <set>

#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

// The first key that is asked meets `reply`; the others serve.
const ClientAnswer& ask_after(Pool& pool, Reply reply) {
    pool.warm();
    pool.upstream.seen().clear();
    pool.upstream.in_order({std::move(reply)});
    return pool.host.ask(chat());
}

void require_moved_on(Pool& pool, const ClientAnswer& answer) {
    REQUIRE(answer.status == 200);
    CHECK(answer.ended);
    CHECK(answer.body == joined(chat_answer().pieces));
    CHECK(answer.headers.get("x-pool-attempts") == "2");
    const auto keys = pool.upstream.keys_seen();
    REQUIRE(keys.size() == 2);
    CHECK(keys[0] != keys[1]);
    pool.settle();
    CHECK(pool.database.totals().requests == 2);
    CHECK(pool.database.totals().success == 2);
    CHECK(pool.database.key(keys[0]).figures.failure == 1);
}

}  // namespace

TEST_CASE("an upstream failure moves the request to another key, and the client sees only the success") {
    const int status = GENERATE(401, 402, 403, 429, 500, 502, 503, 504);
    CAPTURE(status);
    Pool pool;
    require_moved_on(pool, ask_after(pool, refusal(status)));
}

TEST_CASE("a connection failure moves the request to another key") {
    Pool pool;
    require_moved_on(pool, ask_after(pool, unreachable()));
}

TEST_CASE("an upstream that is silent is given up after the time-out, and another key is asked") {
    Pool pool(3, configured({{"FIRST_BYTE_TIMEOUT_MS", "5000"}}));
    const ClientAnswer& answer = ask_after(pool, silent());
    CHECK(pool.upstream.seen()[1].at_ms - pool.upstream.seen()[0].at_ms == 5'000);
    CHECK(pool.upstream.seen()[0].was_stopped);
    require_moved_on(pool, answer);
}

TEST_CASE("an answer that is cut before its end moves the request to another key") {
    Pool pool;
    require_moved_on(pool, ask_after(pool, chat_answer().cut_after(0)));
}

TEST_CASE("an answer that stalls is given up after the idle time, and another key is asked") {
    Pool pool(3, configured({{"IDLE_TIMEOUT_MS", "2000"}}));
    const ClientAnswer& answer = ask_after(pool, chat_answer().stalled_after(0));
    CHECK(pool.upstream.seen()[0].was_stopped);
    require_moved_on(pool, answer);
}

TEST_CASE("a 429 with Retry-After benches its key for just so long") {
    Pool pool(2);
    ask_after(pool, refusal(429).with("retry-after", "30"));
    const std::string benched = pool.upstream.seen()[0].key, other = pool.upstream.seen()[1].key;
    const double until_ms = pool.upstream.seen()[0].at_ms + 20 + 30'000;
    pool.settle();
    CHECK(pool.database.key(benched).status == "failed");
    CHECK(pool.database.key(benched).reason == "rate_limited");
    CHECK(pool.database.key(benched).until_ms == until_ms);

    pool.time.run_until(until_ms - 1'000);
    pool.upstream.seen().clear();
    for (int i = 0; i < 10; ++i) pool.host.ask(chat());
    for (const std::string& key : pool.upstream.keys_seen()) CHECK(key == other);

    pool.time.run_until(until_ms + 1);
    pool.upstream.seen().clear();
    for (int i = 0; i < 40; ++i) pool.host.ask(chat());
    const auto keys = pool.upstream.keys_seen();
    CHECK(std::set<std::string>(keys.begin(), keys.end()) == std::set<std::string>{benched, other});
    pool.settle();
    CHECK(pool.database.key(benched).status == "active");
}

TEST_CASE("an answer that is the client's own fault goes straight back, as it came") {
    const int status = GENERATE(400, 404, 409, 413, 422);
    CAPTURE(status);
    Pool pool;
    pool.warm();
    pool.upstream.seen().clear();
    const Reply reply = refusal(status, "max_tokens is too large").with("x-upstream", "yes");
    pool.upstream.by_default(reply);
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == status);
    CHECK(answer.body == joined(reply.pieces));
    CHECK(answer.headers.get("x-upstream") == "yes");
    CHECK(answer.headers.get("content-type") == "application/json");
    CHECK(pool.upstream.count() == 1);
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
    CHECK(pool.database.key(pool.upstream.seen()[0].key).status == "active");
    CHECK(pool.database.key(pool.upstream.seen()[0].key).fails == 0);
}

TEST_CASE("when every attempt fails the last upstream answer goes back as it came") {
    Pool pool(6);
    pool.warm();
    pool.upstream.seen().clear();
    const Reply last = refusal(429, "the fourth").with("retry-after", "17").with("x-upstream", "four");
    pool.upstream.in_order({refusal(500, "the first"), refusal(401, "the second"), refusal(402, "the third"), last});
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 429);
    CHECK(answer.body == joined(last.pieces));
    CHECK(answer.headers.get("retry-after") == "17");
    CHECK(answer.headers.get("x-upstream") == "four");
    CHECK(answer.headers.get("x-pool-attempts") == "4");
    CHECK(pool.upstream.count() == 4);
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
    CHECK(pool.database.of_all_keys().failure == 4);
}

TEST_CASE("when the last attempt gets no answer at all, the last answer there was goes back") {
    Pool pool(4);
    pool.warm();
    const Reply told = refusal(503, "overloaded");
    pool.upstream.in_order({refusal(500), told, unreachable(), unreachable()});
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 503);
    CHECK(answer.body == joined(told.pieces));
}

TEST_CASE("when no attempt gets any answer, the client is told which way it failed") {
    Pool pool;
    pool.warm();
    SECTION("unreachable is 502") {
        pool.upstream.by_default(unreachable());
        const ClientAnswer& answer = pool.host.ask(chat());
        CHECK(answer.status == 502);
        CHECK(has(answer.body, "\"code\":\"upstream_unreachable\""));
    }
    SECTION("silent is 504") {
        pool.upstream.by_default(silent());
        const ClientAnswer& answer = pool.host.ask(chat());
        CHECK(answer.status == 504);
        CHECK(has(answer.body, "\"code\":\"upstream_timeout\""));
    }
    SECTION("cut short is 502") {
        pool.upstream.by_default(chat_answer().cut_after(0));
        const ClientAnswer& answer = pool.host.ask(chat());
        CHECK(answer.status == 502);
        CHECK(has(answer.body, "\"code\":\"upstream_broken\""));
    }
    pool.settle();
    CHECK(pool.database.totals().requests == 2);
    CHECK(pool.database.totals().failure == 1);
}

TEST_CASE("attempts are bounded by MAX_ATTEMPTS, and no key is asked twice") {
    const int most = GENERATE(1, 2, 4, 7);
    CAPTURE(most);
    Pool pool(12, configured({{"MAX_ATTEMPTS", std::to_string(most)}}));
    pool.warm();
    pool.upstream.seen().clear();
    pool.upstream.by_default(refusal(402));
    CHECK(pool.host.ask(chat()).status == 402);
    const auto keys = pool.upstream.keys_seen();
    CHECK(keys.size() == static_cast<std::size_t>(most));
    CHECK(std::set<std::string>(keys.begin(), keys.end()).size() == keys.size());
}

TEST_CASE("attempts are bounded by the pool's size, and no key is asked twice") {
    Pool pool(2);
    pool.warm();
    pool.upstream.seen().clear();
    pool.upstream.by_default(refusal(500));
    CHECK(pool.host.ask(chat()).status == 500);
    const auto keys = pool.upstream.keys_seen();
    CHECK(std::set<std::string>(keys.begin(), keys.end()).size() == 2);
    CHECK(keys.size() == 2);
}

TEST_CASE("attempts are bounded by a deadline") {
    Pool pool(4, configured({{"FIRST_BYTE_TIMEOUT_MS", "4000"}, {"FAILOVER_TIMEOUT_MS", "6000"}}));
    pool.warm();
    pool.upstream.seen().clear();
    pool.upstream.by_default(silent());
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 504);
    CHECK(pool.upstream.count() == 2);
    CHECK(answer.answered_ms - answer.began_ms == 8'000);
}

TEST_CASE("a key that was refused is benched for later requests") {
    Pool pool(2);
    pool.warm();
    pool.upstream.for_key(key_name(1), refusal(401));
    for (int i = 0; i < 30; ++i) CHECK(pool.host.ask(chat()).status == 200);
    const auto keys = pool.upstream.keys_seen();
    CHECK(std::count(keys.begin(), keys.end(), key_name(1)) <= 2);
}

TEST_CASE("a pool whose keys all rest answers 503 with the time of the first one's return") {
    Pool pool(2);
    pool.warm();
    pool.upstream.by_default(refusal(429).with("retry-after", "40"));
    CHECK(pool.host.ask(chat()).status == 429);
    pool.settle();
    const std::size_t asked = pool.upstream.count();
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 503);
    CHECK(has(answer.body, "\"code\":\"keys_exhausted\""));
    const int wait_s = std::stoi(std::string(answer.headers.get("retry-after")));
    CHECK(wait_s > 25);
    CHECK(wait_s <= 41);
    CHECK(pool.upstream.count() == asked);
    pool.settle();
    CHECK(pool.database.totals().requests == 2);
}

TEST_CASE("a pool without keys says so") {
    Pool pool(0);
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 503);
    CHECK(has(answer.body, "\"code\":\"no_keys\""));
    CHECK(answer.headers.has("retry-after"));
}

TEST_CASE("an error hidden in a 200 moves the request to another key, unseen") {
    Pool pool;
    require_moved_on(pool, ask_after(pool, json_reply(200, R"({"error":{"code":502,"message":"Provider returned error"}})")));
}

TEST_CASE("an error hidden in a 200 goes back as it came when no key does better") {
    Pool pool(2);
    pool.warm();
    const Reply hidden = json_reply(200, R"({"error":{"code":502,"message":"Provider returned error"}})");
    pool.upstream.by_default(hidden);
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 200);
    CHECK(answer.body == joined(hidden.pieces));
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
}

TEST_CASE("an answer that names the upstream account is masked before it goes back") {
    Pool pool(1);
    pool.warm();
    pool.upstream.by_default(refusal(429, "you (alice@example.com) have reached your weekly usage limit"));
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 429);
    CHECK_FALSE(has(answer.body, "alice"));
    CHECK(has(answer.body, "you have reached your weekly usage limit"));
}

TEST_CASE("a refusal larger than is read of it still comes back whole") {
    Pool pool(1);
    pool.warm();
    Reply large = refusal(422, std::string(100'000, 'x'));
    large.pieces = {{0, large.pieces[0].bytes.substr(0, 70'000)}, {10, large.pieces[0].bytes.substr(70'000)}};
    pool.upstream.by_default(large);
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 422);
    CHECK(answer.ended);
    CHECK(answer.body == joined(large.pieces));
}

TEST_CASE("a large refusal that another key makes good lets go of its connection") {
    Pool pool;
    Reply large = refusal(500, std::string(100'000, 'x'));
    large.pieces = {{0, large.pieces[0].bytes.substr(0, 70'000)}, {kHourMs, large.pieces[0].bytes.substr(70'000)}};
    require_moved_on(pool, ask_after(pool, large));
    CHECK(pool.upstream.seen()[0].was_stopped);
}

TEST_CASE("a refusal that is the client's fault and stalls or breaks in its body keeps its status, in words of the pool") {
    const Reply reply = GENERATE(refusal(400, "max_tokens is too large").stalled_after(0), refusal(400, "max_tokens is too large").cut_after(0));
    Pool pool(3, configured({{"IDLE_TIMEOUT_MS", "2000"}}));
    pool.warm_up();
    pool.upstream.by_default(reply);
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 400);
    CHECK(answer.ended);
    CHECK(has(answer.body, "did not arrive whole"));
    CHECK(answer.headers.has("x-pool-key"));
    CHECK(pool.upstream.count() == 1);
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
}

TEST_CASE("a long refusal is watched to its end: one that stalls or is cut ends the client's answer as broken") {
    Pool pool(3, configured({{"IDLE_TIMEOUT_MS", "2000"}}));
    pool.warm_up();
    Reply reply = json_reply(400, std::string(limits::kMaxErrorBodyBytes, 'x'));
    reply.pieces.push_back({100, "and more"});
    reply.pieces.push_back({100, "and more"});
    SECTION("it is whole") {
        pool.upstream.by_default(reply);
        const ClientAnswer& answer = pool.host.ask(chat());
        CHECK(answer.status == 400);
        CHECK(answer.body == joined(reply.pieces));
        CHECK(answer.ended);
        CHECK_FALSE(answer.broken);
    }
    SECTION("it stalls") {
        pool.upstream.by_default(reply.stalled_after(2));
        CHECK(pool.host.ask(chat()).broken);
        CHECK(pool.upstream.seen()[0].was_stopped);
    }
    SECTION("it is cut") {
        pool.upstream.by_default(reply.cut_after(2));
        CHECK(pool.host.ask(chat()).broken);
    }
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
}

TEST_CASE("a large answer that is cut on its way is cut for the client too") {
    Pool pool;
    pool.warm_up();
    Reply reply = json_reply(200, std::string(limits::kMaxHeldAnswerBytes, ' '));
    reply.pieces.push_back({500, "{}"});
    reply.pieces.push_back({500, "{}"});
    pool.upstream.by_default(reply.cut_after(2));
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 200);
    CHECK(answer.broken);
    CHECK_FALSE(answer.ended);
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
}
