// ENABLE_RATE_LIMIT: everybody's rate, by address and by client token, on a binding, in the isolate, or in Redis.
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;
using limits::Refusal;

namespace {

config::Variables limited(std::string_view requests, std::string_view redis_url = "") {
    return configured({{"ENABLE_RATE_LIMIT", "true"}, {"RATE_LIMIT_REQUESTS", std::string(requests)}, {"RATE_LIMIT_WINDOW", "60"}, {"REDIS_URL", std::string(redis_url)}});
}

ClientRequest from(std::string_view address, ClientRequest request = chat()) {
    request.headers.add("cf-connecting-ip", address);
    return request;
}

long long refusals(Pool& pool, Refusal kind) {
    pool.settle();
    return pool.database.refusals(std::string("limit:").append(limits::kRefusalNames[static_cast<std::size_t>(kind)]));
}

}  // namespace

TEST_CASE("without a binding the isolate counts: as many as allowed are served, one more is refused") {
    Pool pool(3, limited("3"));
    for (int i = 0; i < 3; ++i) CHECK(pool.host.ask(chat()).status == 200);
    const ClientAnswer& refused = pool.host.ask(chat());
    CHECK(refused.status == 429);
    CHECK(refused.headers.get("retry-after") == "65");
    CHECK(has(refused.body, "token_rate"));
    CHECK(refusals(pool, Refusal::token_rate) == 1);
    CHECK(pool.host.bindings_asked == 1);
    pool.time.run_for(65 * kSecondMs);
    CHECK(pool.host.ask(chat()).status == 200);
}

TEST_CASE("an address is counted whoever asks from it, before a token is looked at") {
    Pool pool(3, limited("3"));
    for (int i = 0; i < 3; ++i) CHECK(pool.host.ask(from("203.0.113.9", request_of("POST", "/v1/chat/completions", chat_body(), "a wrong token"))).status == 401);
    const ClientAnswer& refused = pool.host.ask(from("203.0.113.9"));
    CHECK(refused.status == 429);
    CHECK(has(refused.body, "address_rate"));
    CHECK(pool.host.ask(from("203.0.113.10")).status == 200);
    CHECK(refusals(pool, Refusal::address_rate) == 1);
}

TEST_CASE("the addresses of one IPv6 network are counted together") {
    Pool pool(3, limited("2"));
    CHECK(pool.host.ask(from("2001:db8:1:2::1")).status == 200);
    CHECK(pool.host.ask(from("2001:db8:1:2:ffff::9")).status == 200);
    CHECK(pool.host.ask(from("2001:db8:1:2::3", request_of("GET", "/v1/models", {}, ""))).status == 429);
    CHECK(pool.host.ask(from("2001:db8:1:3::1", request_of("GET", "/v1/models", {}, ""))).status == 200);
}

TEST_CASE("a binding whose name says these numbers is asked by address and by token, and refuses for the location") {
    Pool pool(3, limited("100"));
    pool.host.rate_bindings["RATE_LIMIT_100_60"] = 2;
    CHECK(pool.host.ask(from("203.0.113.9")).status == 200);
    CHECK(pool.host.ask(from("203.0.113.9")).status == 200);
    const ClientAnswer& refused = pool.host.ask(from("203.0.113.9"));
    CHECK(refused.status == 429);
    CHECK(refused.headers.get("retry-after") == "60");
    CHECK(has(refused.body, "address_rate"));
    CHECK(has(pool.host.ask(from("203.0.113.10")).body, "token_rate"));
    CHECK(pool.host.bindings_asked == 7);
}

TEST_CASE("the numbers of another binding are not taken for these") {
    Pool pool(3, limited("5"));
    pool.host.rate_bindings["RATE_LIMIT_100_60"] = 1;
    for (int i = 0; i < 5; ++i) CHECK(pool.host.ask(chat()).status == 200);
    CHECK(pool.host.ask(chat()).status == 429);
}

TEST_CASE("with Redis too, who guesses tokens is refused by the binding, for the whole location") {
    Pool pool(3, limited("100", "redis://redis.example"));
    FakeRedis redis;
    pool.host.redis = &redis;
    pool.host.rate_bindings["RATE_LIMIT_100_60"] = 2;
    const auto guess = [&] { return pool.host.ask(from("203.0.113.9", request_of("POST", "/v1/chat/completions", chat_body(), "a wrong token"))).status; };
    CHECK(guess() == 401);
    CHECK(guess() == 401);
    CHECK(guess() == 429);
}

TEST_CASE("with Redis the rate holds over all isolates, and the binding is asked by address alone") {
    Pool pool(3, limited("4", "redis://redis.example"));
    FakeRedis redis;
    FakeHost other(pool.time, pool.database, pool.upstream, limited("4", "redis://redis.example"), "another seed");
    pool.host.redis = other.redis = &redis;
    for (int i = 0; i < 2; ++i) {
        CHECK(pool.host.ask(from("203.0.113.9")).status == 200);
        CHECK(other.ask(from("203.0.113.9")).status == 200);
    }
    CHECK(has(pool.host.ask(from("203.0.113.10")).body, "token_rate"));
    CHECK(other.ask(from("203.0.113.9")).status == 429);
    CHECK(pool.host.bindings_asked == 1);
}

TEST_CASE("without ENABLE_RATE_LIMIT nobody is counted") {
    Pool pool(3, configured({{"RATE_LIMIT_REQUESTS", "1"}}));
    for (int i = 0; i < 4; ++i) CHECK(pool.host.ask(from("203.0.113.9")).status == 200);
    CHECK(pool.host.bindings_asked == 0);
}

TEST_CASE("numbers that make no sense are problems") {
    for (const auto& [name, value] : std::vector<std::pair<const char*, const char*>>{
             {"ENABLE_RATE_LIMIT", "perhaps"}, {"RATE_LIMIT_REQUESTS", "0"}, {"RATE_LIMIT_REQUESTS", "1000001"}, {"RATE_LIMIT_WINDOW", "0"}, {"RATE_LIMIT_WINDOW", "86401"}}) {
        CAPTURE(name, value);
        CHECK(config::read_config(configured({{name, value}})).problems.size() == 1);
    }
    CHECK(config::read_config(configured({{"RATE_LIMIT_REQUESTS", "1000000"}, {"RATE_LIMIT_WINDOW", "86400"}})).usable());
}
