// Redis as isolates use it: what they count together, what they tell each other, and how they go on without it.
#include "app/redis.hpp"
#include "base/limits.hpp"
#include "base/sha256.hpp"
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;
using limits::Refusal;

namespace {

constexpr std::string_view kLimited = "ep-limited-token";

ClientRequest limited_chat() { return request_of("POST", "/v1/chat/completions", chat_body(), kLimited); }

config::Variables with_redis(std::string_view url = "redis://redis.example") { return configured({{"REDIS_URL", std::string(url)}}); }

// Two isolates with one database, one upstream and one Redis, and a token with these limits.
struct TwoIsolates : Pool {
    explicit TwoIsolates(std::string bounds = "", const config::Variables& variables = with_redis())
        : Pool(3, variables), other(time, database, upstream, variables, "another seed") {
        host.redis = other.redis = &redis;
        StoredToken row;
        row.limits = std::move(bounds);
        database.add_token(kLimited, "ollama", std::move(row));
    }
    ~TwoIsolates() {
        for (const std::string& fault : other.faults()) CHECK(fault == "");
    }

    FakeRedis redis;
    FakeHost other;
};

// What `ask` gives in a flow of its own.
template <class Value, class Ask>
Result<Value> performed(Pool& pool, Ask ask) {
    Result<Value> result = fail(ErrorCode::internal, "nothing came of it");
    app::App& app = pool.host.app();
    pool.host.enter();
    app.spawn([&](host::Session& session) -> Task<void> {
        return [](Ask asked, app::App& its_app, host::Session& its_session, Result<Value>& out) -> Task<void> {
            Task<Result<Value>> task = asked(its_app, its_session);
            out = co_await std::move(task);
        }(ask, app, session, result);
    });
    pool.host.collect();
    pool.settle();
    return result;
}

}  // namespace

TEST_CASE("requests per minute are counted by all isolates together") {
    TwoIsolates pool(R"({"requests_per_minute":4})");
    for (int i = 0; i < 2; ++i) {
        CHECK(pool.host.ask(limited_chat()).status == 200);
        CHECK(pool.other.ask(limited_chat()).status == 200);
    }
    const ClientAnswer& refused = pool.other.ask(limited_chat());
    CHECK(refused.status == 429);
    CHECK(refused.headers.get("retry-after") == "65");
    CHECK(refused.headers.get("x-ratelimit-remaining-requests") == "0");
    CHECK(pool.host.ask(limited_chat()).status == 429);
    pool.time.run_for(65 * kSecondMs);
    CHECK(pool.host.ask(limited_chat()).status == 200);
}

TEST_CASE("a rate that Redis refused is refused without asking it again, and what was refused is not charged") {
    TwoIsolates pool(R"({"requests_per_minute":1})");
    CHECK(pool.host.ask(limited_chat()).status == 200);
    CHECK(pool.other.ask(limited_chat()).status == 429);
    pool.settle();
    const std::size_t conversations = pool.redis.conversations;
    for (int i = 0; i < 5; ++i) CHECK(pool.other.ask(limited_chat()).status == 429);
    CHECK(pool.redis.conversations == conversations);
    long long sum = 0;
    for (const auto& [key, text] : pool.redis.texts) sum += has(key, "rate:rpm:") ? std::stoll(text) : 0;
    CHECK(sum == 1);
}

TEST_CASE("tokens per minute are charged by all isolates together, once they are known") {
    TwoIsolates pool(R"({"tokens_per_minute":1})");
    CHECK(pool.host.ask(limited_chat()).status == 200);
    pool.settle();
    CHECK(pool.other.ask(limited_chat()).status == 429);
}

TEST_CASE("what is counted in Redis is forgotten by it") {
    TwoIsolates pool(R"({"requests_per_minute":9})");
    CHECK(pool.host.ask(limited_chat()).status == 200);
    for (const auto& [key, text] : pool.redis.texts) {
        CAPTURE(key);
        REQUIRE(pool.redis.ends_ms.contains(key));
        CHECK(pool.redis.ends_ms[key] - pool.time.now_ms() <= 70 * kSecondMs);
        CHECK(key.substr(0, 9) == "edgepool:");
        CHECK_FALSE(has(key, kLimited));
    }
}

TEST_CASE("a token without limits asks Redis nothing before it is served") {
    TwoIsolates pool;
    pool.warm();
    for (const redis::Command& command : pool.redis.commands) CHECK(command[0] != "INCRBY");
}

TEST_CASE("a Redis that is down is carried on without, said once, and asked again later") {
    TwoIsolates pool(R"({"requests_per_minute":3})");
    pool.redis.trouble = FakeRedis::Trouble::down;
    for (int i = 0; i < 3; ++i) CHECK(pool.host.ask(limited_chat()).status == 200);
    CHECK(pool.host.ask(limited_chat()).status == 429);
    CHECK(pool.redis.conversations == 1);
    CHECK(std::count_if(pool.host.log().begin(), pool.host.log().end(), [](const std::string& line) { return has(line, "redis_lost"); }) == 1);
    CHECK(has(pool.host.ask(request_of("GET", "/health", {}, "")).body, R"("redis":{"configured":true,"reachable":false})"));
    pool.redis.trouble = FakeRedis::Trouble::none;
    pool.time.run_for(limits::kRedisPauseMs + 66 * kSecondMs);
    CHECK(pool.host.ask(limited_chat()).status == 200);
    CHECK(pool.redis.conversations > 1);
    CHECK(pool.host.logged("redis_back"));
    CHECK(has(pool.host.ask(request_of("GET", "/health", {}, "")).body, R"("redis":{"configured":true,"reachable":true})"));
}

TEST_CASE("a Redis that hangs, is cut off or talks nonsense costs a request little and fails none") {
    for (const auto trouble : {FakeRedis::Trouble::hangs, FakeRedis::Trouble::cut, FakeRedis::Trouble::nonsense}) {
        TwoIsolates pool(R"({"requests_per_minute":100})");
        pool.warm();
        pool.redis.trouble = trouble;
        const double before_ms = pool.time.now_ms();
        CHECK(pool.host.ask(limited_chat()).status == 200);
        CHECK(pool.time.now_ms() - before_ms < limits::kRedisTimeoutMs + 1'000);
        pool.settle();
        CHECK(pool.host.logged("redis_lost"));
    }
}

TEST_CASE("a Redis that refuses commands counts as lost: rates are counted here, and it is asked again later") {
    TwoIsolates pool(R"({"requests_per_minute":3})");
    pool.redis.trouble = FakeRedis::Trouble::refuses;
    for (int i = 0; i < 3; ++i) CHECK(pool.host.ask(limited_chat()).status == 200);
    CHECK(pool.host.ask(limited_chat()).status == 429);
    CHECK(pool.redis.conversations == 1);
    CHECK(pool.host.logged("Redis refuses a command: OOM"));
    CHECK(has(pool.host.ask(request_of("GET", "/health", {}, "")).body, R"("redis":{"configured":true,"reachable":false})"));
    pool.redis.trouble = FakeRedis::Trouble::none;
    pool.time.run_for(limits::kRedisPauseMs + 66 * kSecondMs);
    CHECK(pool.host.ask(limited_chat()).status == 200);
    CHECK(pool.host.logged("redis_back"));
}

TEST_CASE("a Redis that can be read and not written counts as lost") {
    TwoIsolates pool(R"({"requests_per_minute":3})");
    pool.redis.trouble = FakeRedis::Trouble::read_only;
    CHECK(pool.host.ask(limited_chat()).status == 200);
    CHECK(pool.host.logged("Redis refuses a command: READONLY"));
    CHECK_FALSE(app::redis_usable(pool.host.app()));
}

TEST_CASE("a password is sent first; one that Redis refuses is as if it were not there") {
    TwoIsolates right(R"({"requests_per_minute":9})", with_redis("redis://me:the-password@redis.example/2"));
    right.redis.password = "the-password";
    CHECK(right.host.ask(limited_chat()).status == 200);
    CHECK(right.redis.commands.at(0) == redis::Command{"AUTH", "me", "the-password"});
    CHECK(right.redis.commands.at(1) == redis::Command{"SELECT", "2"});
    TwoIsolates wrong(R"({"requests_per_minute":9})", with_redis("redis://:wrong-password@redis.example"));
    wrong.redis.password = "the-password";
    CHECK(wrong.host.ask(limited_chat()).status == 200);
    CHECK(wrong.host.logged("redis_lost"));
    CHECK_FALSE(wrong.host.logged("wrong-password"));
}

TEST_CASE("a key that fails in one isolate is spared by the other within a second, without the database") {
    TwoIsolates pool;
    pool.warm();
    CHECK(pool.other.ask(chat()).status == 200);
    pool.settle();
    pool.upstream.seen().clear();
    pool.upstream.in_order({refusal(429, "you have reached your weekly usage limit")});
    CHECK(pool.host.ask(chat()).status == 200);
    const std::string failed(bearer_of(pool.upstream.seen().front().headers));
    pool.time.run_for(1'100);
    CHECK(pool.other.ask(chat()).status == 200);  // this one asks, in the background
    pool.time.run_for(100);
    const std::size_t readings = pool.database.count("pool_changes");
    pool.upstream.seen().clear();
    for (int i = 0; i < 40; ++i) CHECK(pool.other.ask(chat()).status == 200);
    for (const Seen& seen : pool.upstream.seen()) CHECK(bearer_of(seen.headers) != failed);
    CHECK(pool.database.count("pool_changes") == readings);
}

TEST_CASE("a generation is counted up by every isolate") {
    TwoIsolates pool;
    const auto next = [&] { return *performed<std::int64_t>(pool, [](auto& app, auto& session) { return app::redis_increment(app, session, "generation"); }); };
    CHECK(next() == 1);
    CHECK(next() == 2);
    CHECK(pool.redis.texts.at("edgepool:generation") == "2");
}

TEST_CASE("without a Redis every question is answered at once with that there is none") {
    Pool pool;
    const auto number = performed<std::int64_t>(pool, [](auto& app, auto& session) { return app::redis_increment(app, session, "k"); });
    REQUIRE_FALSE(number.has_value());
    CHECK(number.error().code == ErrorCode::storage_unavailable);
    CHECK(has(pool.host.ask(request_of("GET", "/health", {}, "")).body, R"("redis":{"configured":false,"reachable":null})"));
}

TEST_CASE("a REDIS_URL that is none is a problem, and its password is not in it") {
    const config::Config config = config::read_config(with_redis("redis://:hush@h:notaport"));
    REQUIRE(config.problems.size() == 1);
    CHECK(has(config.problems[0], "REDIS_URL"));
    CHECK_FALSE(has(config.problems[0], "hush"));
}
