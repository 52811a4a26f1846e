// The response cache: what is answered from it, what never is, and that it counts for nobody's key.
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

constexpr std::string_view kOtherToken = "ep-another-token";

struct CachingPool : Pool {
    explicit CachingPool(const char* scope = "token", const char* tools = "false")
        : CachingPool(configured({{"RESPONSE_CACHE", "true"}, {"RESPONSE_CACHE_TTL", "60"}, {"RESPONSE_CACHE_MAX_BYTES", "1000"},
                                  {"RESPONSE_CACHE_SCOPE", scope}, {"RESPONSE_CACHE_TOOLS", tools}, {"MODEL_FALLBACKS", R"({"gpt-oss:120b":["gpt-oss:20b"]})"}})) {}
    explicit CachingPool(const config::Variables& variables) : Pool(3, variables) { database.add_token(kOtherToken); }

    // Asks; what is to be kept has been kept afterwards.
    const ClientAnswer& ask(ClientRequest request) {
        const ClientAnswer& answer = host.ask(std::move(request));
        time.run_for(3'000);
        return answer;
    }
};

// Two isolates, in two locations for all that they know, with one Redis.
struct RedisPool : CachingPool {
    static config::Variables variables() {
        return configured({{"RESPONSE_CACHE", "true"}, {"RESPONSE_CACHE_STORE", "redis"}, {"RESPONSE_CACHE_TTL", "60"}, {"REDIS_URL", "redis://redis.example"}});
    }
    RedisPool() : CachingPool(variables()), other(time, database, upstream, variables(), "another seed") { host.redis = other.redis = &redis; }

    std::string asked_of(FakeHost& isolate, const ClientRequest& request = chat()) {
        const std::string answered(isolate.ask(request).headers.get("x-cache"));
        time.run_for(3'000);
        return answered;
    }
    std::string stats() { return host.ask(as_admin("GET", "/admin/cache/stats")).body; }

    FakeRedis redis;
    FakeHost other;
};

ClientRequest with_header(ClientRequest request, std::string_view name, std::string_view value) {
    request.headers.add(name, value);
    return request;
}

}  // namespace

TEST_CASE("a second request that says the same is answered from the cache, as the first was, and counts for no key") {
    CachingPool pool;
    const ClientAnswer& first = pool.ask(chat());
    CHECK(first.headers.get("x-cache") == "MISS");
    pool.upstream.by_default(chat_answer("another answer"));
    pool.time.run_for(10'000);
    const ClientAnswer& second = pool.ask(request_of("POST", "/v1/chat/completions", R"({ "messages":[{"content":"hi","role":"user"}], "model":"gpt-oss:120b" })"));
    CHECK(second.status == 200);
    CHECK(second.headers.get("x-cache") == "HIT");
    CHECK(second.headers.get("content-type") == "application/json");
    CHECK(second.headers.get("age") == "13");
    CHECK(second.headers.has("x-request-id"));
    CHECK_FALSE(second.headers.has("x-pool-key"));
    CHECK(second.body == first.body);
    CHECK(second.upstream_calls == 0);
    CHECK(second.database_calls == 0);
    pool.settle();
    CHECK(pool.database.totals().requests == 1);
    CHECK(pool.database.of_token(kToken).requests == 1);
}

TEST_CASE("an entry is good for its time, not longer") {
    CachingPool pool;
    const ClientAnswer& first = pool.ask(chat());
    pool.time.run_until(first.answered_ms + 59'000);
    CHECK(pool.ask(chat()).headers.get("x-cache") == "HIT");
    pool.time.run_until(first.answered_ms + 60'001);
    CHECK(pool.ask(chat()).headers.get("x-cache") == "MISS");
}

TEST_CASE("one token's answer is given to another only when the cache is the pool's") {
    const bool is_shared = GENERATE(false, true);
    CachingPool pool(is_shared ? "pool" : "token");
    pool.ask(chat());
    const ClientAnswer& answer = pool.ask(request_of("POST", "/v1/chat/completions", chat_body(), kOtherToken));
    CHECK(answer.headers.get("x-cache") == (is_shared ? "HIT" : "MISS"));
    CHECK(pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), "wrong")).status == 401);
}

TEST_CASE("streams, tools, conversations, what is not generated and what the client will not have kept never touch the cache") {
    CachingPool pool;
    const ClientRequest request = GENERATE(streamed_chat(), native_chat(), request_of("POST", "/v1/chat/completions", chat_body("\"tools\":[{\"type\":\"function\"}],")),
                                           request_of("POST", "/v1/responses", chat_body("\"previous_response_id\":\"r1\",")),
                                           request_of("POST", "/api/show", chat_body()), request_of("GET", "/api/tags"),
                                           with_header(chat(), "cache-control", "no-store"));
    pool.upstream.by_default(request.url.find("/api/chat") != std::string::npos ? native_stream() : chat_answer());
    for (int i = 0; i < 2; ++i) CHECK_FALSE(pool.ask(request).headers.has("x-cache"));
    CHECK(pool.upstream.count() == 2);
    CHECK(pool.host.cache.empty());
}

TEST_CASE("answers to requests that offer tools are kept where the operator says so") {
    CachingPool pool("token", "true");
    const ClientRequest request = request_of("POST", "/v1/chat/completions", chat_body("\"tools\":[{\"type\":\"function\"}],"));
    pool.ask(request);
    CHECK(pool.ask(request).headers.get("x-cache") == "HIT");
}

TEST_CASE("no-cache asks anew and keeps the new answer") {
    CachingPool pool;
    pool.ask(chat());
    pool.upstream.by_default(chat_answer("newer"));
    CHECK(has(pool.ask(with_header(chat(), "cache-control", "no-cache")).body, "newer"));
    const ClientAnswer& answer = pool.ask(chat());
    CHECK(answer.headers.get("x-cache") == "HIT");
    CHECK(has(answer.body, "newer"));
}

TEST_CASE("errors, answers over the bound and those of a fallback are not kept") {
    CachingPool pool;
    SECTION("a refusal") { pool.upstream.by_default(refusal(400)); }
    SECTION("an error inside a success") { pool.upstream.by_default(json_reply(200, R"({"error":{"message":"no","code":400}})")); }
    SECTION("a web page under a success") { pool.upstream.by_default(json_reply(200, "<html>Just a moment...</html>").with("content-type", "text/html")); }
    SECTION("nothing under a success") { pool.upstream.by_default(json_reply(200, "")); }
    SECTION("half an answer") { pool.upstream.by_default(json_reply(200, "{\"choices\":[")); }
    SECTION("too large") { pool.upstream.by_default(chat_answer(std::string(1001, 'x'))); }
    SECTION("a fallback") { pool.upstream.in_order({refusal(404, "model 'gpt-oss:120b' not found")}); }
    pool.ask(chat());
    CHECK(pool.host.cache.empty());
}

TEST_CASE("an answer is kept up to its bound, not past it") {
    CachingPool pool;
    const std::size_t frame = joined(chat_answer("").pieces).size();
    pool.upstream.by_default(chat_answer(std::string(1000 - frame, 'x')));
    pool.ask(chat());
    CHECK(pool.host.cache.size() == 1);
    pool.upstream.by_default(chat_answer(std::string(1001 - frame, 'x')));
    pool.ask(request_of("POST", "/v1/chat/completions", chat_body("\"seed\":1,")));
    CHECK(pool.host.cache.size() == 1);
}

TEST_CASE("a platform without a cache, or a broken one, costs nothing but the figures") {
    CachingPool pool;
    pool.host.has_cache = false;
    for (int i = 0; i < 2; ++i) CHECK(pool.ask(chat()).headers.get("x-cache") == "MISS");
    CHECK(pool.upstream.count() == 2);
    const ClientAnswer& stats = pool.host.ask(as_admin("GET", "/admin/cache/stats"));
    CHECK(has(stats.body, "\"misses\":2,\"kept\":0,\"failures\":4"));
}

TEST_CASE("the cache's figures are told, and that it cannot count its entries") {
    CachingPool pool;
    for (int i = 0; i < 3; ++i) pool.ask(chat());
    const ClientAnswer& stats = pool.host.ask(as_admin("GET", "/admin/cache/stats"));
    CHECK(stats.status == 200);
    CHECK(has(stats.body, "\"enabled\":true,\"store\":\"workers\",\"entries\":null,\"hits\":2,\"misses\":1,\"kept\":1,\"failures\":0"));
    Pool without;
    const ClientAnswer& off = without.host.ask(as_admin("GET", "/admin/cache/stats"));
    CHECK(has(off.body, "\"enabled\":false,\"store\":null"));
    CHECK(has(without.host.ask(as_admin("POST", "/admin/cache/clear", "{}")).body, "\"success\":false"));
    CHECK(without.host.ask(request_of("POST", "/admin/cache/clear", "{}")).status == 401);
}

TEST_CASE("clearing voids what was kept: here at once, in another isolate of this location within its time") {
    CachingPool pool;
    pool.ask(chat());
    FakeHost other(pool.time, pool.database, pool.upstream, configured({{"RESPONSE_CACHE", "true"}}), "another seed");
    other.cache = pool.host.cache;
    CHECK(other.ask(chat()).headers.get("x-cache") == "HIT");

    const ClientAnswer& cleared = pool.host.ask(as_admin("POST", "/admin/cache/clear", R"({"pattern":"*"})"));
    CHECK(has(cleared.body, "\"success\":true,\"cleared\":null"));
    CHECK(pool.ask(chat()).headers.get("x-cache") == "MISS");
    CHECK(pool.ask(chat()).headers.get("x-cache") == "HIT");

    std::map<std::string, std::string> location = pool.host.cache;
    for (auto& [url, entry] : other.cache) location[url] = entry;  // the old answer, and the note
    other.cache = location;
    pool.time.run_for(31'000);
    CHECK(other.ask(chat()).headers.get("x-cache") == "MISS");
}

TEST_CASE("clearing is written into the audit log first, and names that are no texts are refused") {
    CachingPool pool;
    pool.ask(chat());
    for (const auto& [member, body] : std::vector<std::pair<const char*, const char*>>{{"pattern", R"({"pattern":7})"}, {"scope", R"({"scope":["a"]})"}}) {
        const ClientAnswer& refused = pool.host.ask(as_admin("POST", "/admin/cache/clear", body));
        CHECK(refused.status == 400);
        CHECK(has(refused.body, member));
    }
    CHECK(pool.ask(chat()).headers.get("x-cache") == "HIT");
    CHECK(pool.host.ask(as_admin("POST", "/admin/cache/clear", R"({"pattern":null,"scope":"pool"})")).status == 200);
    const std::string entry = R"("action":"cache.clear","target":null,"detail":"workers")";
    const std::string audit = pool.host.ask(as_admin("GET", "/admin/audit")).body;
    CHECK(has(audit, entry));
    CHECK(audit.find(entry) == audit.rfind(entry));
    pool.ask(chat());
    pool.database.trouble = FakeDatabase::Trouble::down;
    CHECK(pool.host.ask(as_admin("POST", "/admin/cache/clear", "{}")).status == 503);
    CHECK(pool.ask(chat()).headers.get("x-cache") == "HIT");
    pool.database.trouble = FakeDatabase::Trouble::none;
}

TEST_CASE("in Redis an answer is kept for every isolate, for its time, under no name that tells anything") {
    RedisPool pool;
    const std::string first = pool.ask(chat()).body;
    const ClientAnswer& second = pool.other.ask(chat());
    CHECK(second.headers.get("x-cache") == "HIT");
    CHECK(second.headers.get("content-type") == "application/json");
    CHECK(second.headers.get("age") == "3");
    CHECK(second.body == first);
    CHECK(pool.host.cache.empty());
    CHECK(has(pool.stats(), R"("store":"redis","entries":null,"hits":0,"misses":1,"kept":1,"failures":0)"));
    for (const auto& [key, text] : pool.redis.texts) {
        CHECK(key.substr(0, 15) == "edgepool:cache:");
        for (const auto secret : {kToken, bearer_of(pool.upstream.seen().front().headers)}) CHECK_FALSE((has(key, secret) || has(text, secret)));
    }
    pool.time.run_for(61'000);
    CHECK(pool.redis.texts.size() == 1);
    CHECK(pool.asked_of(pool.other) == "MISS");
    CHECK(pool.redis.texts.size() == 1);
}

TEST_CASE("clearing a cache in Redis holds at once for every isolate, and for answers that were under way") {
    RedisPool pool;
    pool.ask(chat());
    CHECK(pool.asked_of(pool.other) == "HIT");
    const std::string cleared = pool.host.ask(as_admin("POST", "/admin/cache/clear", "{}")).body;
    CHECK((has(cleared, "\"success\":true") && has(cleared, "everywhere and at once")));
    const ClientAnswer& under_way = pool.other.send(chat());
    pool.time.run_for(10);
    CHECK(under_way.answered_ms == 0);
    pool.host.ask(as_admin("POST", "/admin/cache/clear", "{}"));
    pool.time.run_for(3'000);
    CHECK(under_way.headers.get("x-cache") == "MISS");
    CHECK(pool.asked_of(pool.host) == "MISS");  // what was under way was kept as void
    CHECK(pool.asked_of(pool.other) == "HIT");
}

TEST_CASE("a client that never looks up has its answers kept as soon as its isolate knows the generation") {
    RedisPool pool;
    pool.host.ask(as_admin("POST", "/admin/cache/clear", "{}"));
    const ClientRequest anew = with_header(chat(), "cache-control", "no-cache");
    CHECK(pool.asked_of(pool.other, anew) == "MISS");
    CHECK(pool.redis.texts.size() == 1);
    CHECK(pool.asked_of(pool.other, anew) == "MISS");
    CHECK(pool.asked_of(pool.host) == "HIT");
}

TEST_CASE("what is not UTF-8 is not kept in Redis, and that is no failure") {
    RedisPool pool;
    pool.upstream.by_default(json_reply(200, "{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}"));
    for (int i = 0; i < 2; ++i) CHECK(pool.asked_of(pool.host) == "MISS");
    CHECK(has(pool.stats(), R"("misses":2,"kept":0,"failures":0)"));
}

TEST_CASE("a Redis that is away, hangs or refuses is a miss, and clearing says that nothing was cleared") {
    RedisPool pool;
    const auto [trouble, failures] = GENERATE(table<FakeRedis::Trouble, const char*>(
        {{FakeRedis::Trouble::down, "4"}, {FakeRedis::Trouble::hangs, "4"}, {FakeRedis::Trouble::nonsense, "4"}, {FakeRedis::Trouble::refuses, "4"}}));
    pool.redis.trouble = trouble;
    for (int i = 0; i < 2; ++i) {
        const ClientAnswer& answer = pool.ask(chat());
        CHECK((answer.status == 200 && answer.headers.get("x-cache") == "MISS"));
        CHECK(answer.answered_ms - answer.began_ms < 400);
    }
    CHECK(has(pool.stats(), std::string(R"("hits":0,"misses":2,"kept":0,"failures":)") + failures));
    CHECK(has(pool.host.ask(as_admin("POST", "/admin/cache/clear", "{}")).body, "\"success\":false"));
}

TEST_CASE("a client that leaves before anything went up for it is counted nowhere, and its key is free") {
    CachingPool pool;
    pool.warm();
    const std::size_t asked = pool.upstream.count();
    const ClientAnswer& left = pool.host.ask(leaving_after(FakeHost::kCacheMs / 2, request_of("POST", "/v1/chat/completions", chat_body("\"seed\":1,"))));
    pool.settle();
    CHECK(left.left);
    CHECK(pool.upstream.count() == asked);
    CHECK(pool.database.totals().requests == 1);
    CHECK(pool.database.of_token(kToken).requests == 1);
    CHECK(pool.host.app().open_requests.empty());
    CHECK(pool.host.app().providers[0].pool.in_flight() == 0);
    CHECK(pool.host.app().providers[0].cache.failures == 0);
}
