// What a request waits for before its key is picked: nothing in a warm isolate, one call in a cold one; and how both bear a database in
// trouble, tokens that nobody knows, and changes made elsewhere.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/limits.hpp"
#include "base/sha256.hpp"
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

using Trouble = FakeDatabase::Trouble;

void require_unavailable(const ClientAnswer& answer, std::string_view code) {
    CHECK(answer.status == 503);
    CHECK(has(answer.body, "\"code\":\"" + std::string(code) + "\""));
    CHECK(answer.headers.has("retry-after"));
    CHECK(answer.headers.has("x-request-id"));
}

bool used(Pool& pool, int key) {
    const auto keys = pool.upstream.keys_seen();
    return std::find(keys.begin(), keys.end(), key_name(key)) != keys.end();
}

void ask_often(Pool& pool, int times = 40) {
    for (int i = 0; i < times; ++i) pool.host.ask(chat());
}

}  // namespace

TEST_CASE("a warm isolate makes no database call before the upstream call") {
    Pool pool;
    const ClientAnswer& cold = pool.host.ask(chat());
    CHECK(cold.database_calls_first == 1);
    CHECK(cold.database_calls == 1);
    CHECK(cold.upstream_calls == 1);
    pool.settle();
    for (int i = 0; i < 20; ++i) {
        const ClientAnswer& warm = pool.host.ask(i % 2 == 0 ? chat() : streamed_chat());
        CHECK(warm.database_calls == 0);
        CHECK(warm.upstream_calls == 1);
    }
}

TEST_CASE("a warm isolate makes no database call of its own when keys fail either") {
    Pool pool;
    pool.warm();
    pool.upstream.in_order({refusal(401), refusal(429)});
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.database_calls == 0);
    CHECK(answer.upstream_calls == 3);
}

TEST_CASE("a token that a warm isolate has not met costs one call, once") {
    Pool pool;
    pool.warm();
    pool.database.add_token("second-token");
    const ClientRequest request = request_of("POST", "/v1/chat/completions", chat_body(), "second-token");
    CHECK(pool.host.ask(request).database_calls == 1);
    CHECK(pool.host.ask(request).database_calls == 0);
}

TEST_CASE("requests that meet a cold isolate together are all served") {
    Pool pool;
    std::vector<const ClientAnswer*> answers;
    for (int i = 0; i < 10; ++i) answers.push_back(&pool.host.send(chat()));
    pool.settle();
    for (const ClientAnswer* answer : answers) CHECK(answer->status == 200);
    CHECK(pool.database.totals().requests == 10);
}

TEST_CASE("a cold isolate answers 503 with Retry-After while the database is in trouble, and recovers with it") {
    const auto [trouble, code] = GENERATE(table<Trouble, const char*>({{Trouble::down, "storage_unavailable"},
                                                                       {Trouble::slow, "storage_unavailable"},
                                                                       {Trouble::overloaded, "storage_unavailable"},
                                                                       {Trouble::loses_answers, "storage_unavailable"},
                                                                       {Trouble::no_functions, "schema_outdated"},
                                                                       {Trouble::refuses_key, "not_configured"}}));
    CAPTURE(code);
    Pool pool;
    pool.database.trouble = trouble;
    require_unavailable(pool.host.ask(chat()), code);
    CHECK(pool.upstream.count() == 0);
    const std::size_t calls = pool.database.calls().size();
    require_unavailable(pool.host.ask(chat()), code);
    CHECK(pool.database.calls().size() == calls);
    pool.database.trouble = Trouble::none;
    pool.time.run_for(1'100);
    CHECK(pool.host.ask(chat()).status == 200);
}

TEST_CASE("a cold isolate does not take nonsense for a working set") {
    const Trouble trouble = GENERATE(Trouble::garbage, Trouble::wrong_shape);
    Pool pool;
    pool.database.trouble = trouble;
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 502);
    CHECK(has(answer.body, "\"code\":\"storage_answer_unreadable\""));
    pool.database.trouble = Trouble::none;
    pool.time.run_for(1'100);
    CHECK(pool.host.ask(chat()).status == 200);
}

TEST_CASE("a warm isolate keeps serving while the database is in trouble") {
    const Trouble trouble = GENERATE(Trouble::down, Trouble::slow, Trouble::overloaded, Trouble::garbage, Trouble::wrong_shape, Trouble::loses_answers,
                                     Trouble::no_functions, Trouble::refuses_key);
    CAPTURE(static_cast<int>(trouble));
    Pool pool;
    pool.warm();
    pool.database.trouble = trouble;
    for (int i = 0; i < 30; ++i) {
        const ClientAnswer& answer = pool.host.ask(chat());
        CHECK(answer.status == 200);
        CHECK(answer.database_calls == 0);
        CHECK(answer.answered_ms - answer.began_ms == 20);
        pool.time.run_for(20'000);
    }
    pool.settle();
    CHECK(pool.host.logged("refresh_failed"));
    pool.database.trouble = Trouble::none;
    pool.warm();
    pool.settle();
    CHECK(pool.database.totals().requests == 32);
}

TEST_CASE("a client that leaves while a cold isolate loads leaves no trace for the next client") {
    Pool pool;
    const ClientAnswer& left = pool.host.ask(leaving_after(5, chat()));
    CHECK(left.left);
    CHECK(pool.host.ask(chat()).status == 200);
}

TEST_CASE("missing tables leave the other provider working") {
    Pool pool;
    pool.database.missing_tables = "openrouter";
    require_unavailable(pool.host.ask(request_of("POST", "/openrouter/v1/chat/completions", chat_body())), "provider_not_configured");
    CHECK(pool.host.ask(chat()).status == 200);

    Pool other(0);
    other.database.missing_tables = "ollama";
    other.database.add_key("sk-or-key", 0, "openrouter");
    other.database.add_token(kToken, "openrouter");
    require_unavailable(other.host.ask(chat()), "provider_not_configured");
    CHECK(other.host.ask(request_of("POST", "/openrouter/v1/chat/completions", chat_body())).status == 200);
    CHECK(other.upstream.seen()[0].url == "https://second.example/api/v1/chat/completions");
    other.settle();
    CHECK(other.database.totals("openrouter").requests == 1);
}

TEST_CASE("each provider has its own keys, tokens and figures") {
    Pool pool(1);
    pool.database.add_key("sk-or-key", 0, "openrouter");
    pool.database.add_token("or-token", "openrouter");
    const ClientRequest other = request_of("POST", "/openrouter/v1/chat/completions", chat_body(), "or-token");
    CHECK(pool.host.ask(chat()).status == 200);
    CHECK(pool.host.ask(other).status == 200);
    CHECK(pool.upstream.keys_seen() == std::vector<std::string>{key_name(1), "sk-or-key"});
    CHECK(pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), "or-token")).status == 401);
    pool.settle();
    CHECK(pool.database.totals().requests == 1);
    CHECK(pool.database.totals("openrouter").requests == 1);
}

TEST_CASE("a provider that is switched off is not served, the other one is") {
    Pool pool(1, configured({{"DISABLE_OPENROUTER", "true"}}));
    require_unavailable(pool.host.ask(request_of("POST", "/openrouter/v1/chat/completions", chat_body())), "provider_disabled");
    CHECK(pool.host.ask(chat()).status == 200);
}

TEST_CASE("missing configuration answers 503 and says what to set") {
    const char* name = GENERATE("ADMIN_TOKEN", "SUPABASE_REST_URL", "SUPABASE_SERVICE_ROLE_KEY");
    Pool pool(1, configured({{name, ""}}));
    const ClientAnswer& answer = pool.host.ask(chat());
    require_unavailable(answer, "not_configured");
    CHECK(has(answer.body, name));
    require_unavailable(pool.host.ask(as_admin("GET", "/admin/stats")), "not_configured");
    require_unavailable(pool.host.ask(request_of("GET", "/admin/public-stats")), "not_configured");
    CHECK(pool.database.calls().empty());
}

TEST_CASE("a setting that does not parse stops the pool and is named, without its value") {
    Pool pool(1, configured({{"MAX_ATTEMPTS", "many-secret-things"}}));
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 503);
    CHECK(has(answer.body, "MAX_ATTEMPTS"));
    CHECK_FALSE(has(answer.body, "many-secret-things"));
}

TEST_CASE("a working set older than ten seconds is brought up to date in the background") {
    Pool pool;
    pool.warm();
    pool.time.run_for(limits::kWorkingSetFreshMs - 3'000);
    pool.warm();
    CHECK(pool.database.count("pool_changes") == 0);
    pool.time.run_for(4'000);
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 200);
    CHECK(answer.database_calls == 0);
    pool.settle();
    CHECK(pool.database.count("pool_changes") == 1);
    CHECK(pool.database.count("pool_take") == 1);
}

TEST_CASE("requests that find the working set stale together refresh it once") {
    Pool pool;
    pool.warm();
    pool.time.run_for(limits::kWorkingSetFreshMs + 1'000);
    for (int i = 0; i < 20; ++i) pool.host.send(chat());
    pool.settle();
    CHECK(pool.database.count("pool_changes") == 1);
}

TEST_CASE("a refresh that died with its request is taken over within half a minute") {
    Pool pool;
    pool.warm();
    pool.time.run_for(11'000);
    pool.host.send(chat());
    pool.time.run_for(1);
    pool.host.kill_background_flows();
    pool.time.run_for(25'000);
    pool.host.ask(chat());
    pool.settle();
    CHECK(pool.database.count("pool_changes") == 2);
}

TEST_CASE("what others did to keys is seen after a refresh") {
    Pool pool;
    pool.warm();
    const double now_ms = pool.time.now_ms();
    SECTION("a key that another isolate benched is not used") {
        StoredKey benched;
        benched.status = "failed";
        benched.reason = "weekly_limit";
        benched.until_ms = now_ms + kHourMs;
        pool.database.change_key(key_name(1), now_ms, benched);
    }
    SECTION("a key that was disabled is not used") {
        StoredKey disabled;
        disabled.status = "disabled";
        pool.database.change_key(key_name(1), now_ms, disabled);
    }
    SECTION("a key that was deleted is not used") { pool.database.remove_key(key_name(1), now_ms); }
    pool.time.run_for(11'000);
    pool.warm();
    pool.upstream.seen().clear();
    ask_often(pool);
    CHECK_FALSE(used(pool, 1));
    CHECK(used(pool, 2));
    CHECK(used(pool, 3));
}

TEST_CASE("a key that was added elsewhere is used after a refresh") {
    Pool pool;
    pool.warm();
    pool.database.add_key(key_name(9), pool.time.now_ms());
    pool.time.run_for(11'000);
    pool.warm();
    ask_often(pool);
    CHECK(used(pool, 9));
}

TEST_CASE("a verdict of one isolate reaches another one within its next refresh") {
    Pool pool(2);
    FakeHost other(pool.time, pool.database, pool.upstream, configured(), "another seed");
    pool.warm();
    other.ask(chat());
    pool.time.run();
    pool.upstream.seen().clear();
    pool.upstream.in_order({refusal(402)});
    pool.host.ask(chat());
    const std::string benched = pool.upstream.seen()[0].key;
    pool.time.run_for(11'000);
    other.ask(chat());
    pool.time.run();
    pool.upstream.seen().clear();
    for (int i = 0; i < 20; ++i) CHECK(other.ask(chat()).status == 200);
    const auto keys = pool.upstream.keys_seen();
    CHECK(std::count(keys.begin(), keys.end(), benched) == 0);
    CHECK(other.faults().empty());
}

TEST_CASE("clocks that disagree do not disturb what isolates learn from each other") {
    const double skew_ms = GENERATE(-kHourMs, kHourMs);
    Pool pool(2);
    pool.database.clock_skew_ms = skew_ms;
    pool.warm_up();
    pool.upstream.in_order({refusal(429).with("retry-after", "30")});
    pool.host.ask(chat());
    const std::string benched = pool.upstream.seen()[0].key;
    pool.settle();
    const double expected_ms = pool.upstream.seen()[0].at_ms + 30'000 + skew_ms;
    CHECK(std::abs(pool.database.key(benched).until_ms.value_or(0) - expected_ms) < 100);
    pool.upstream.seen().clear();
    ask_often(pool, 10);
    for (const std::string& key : pool.upstream.keys_seen()) CHECK(key != benched);
}

TEST_CASE("a pool that has run dry looks for keys before it gives up") {
    Pool pool(1);
    pool.warm_up();
    pool.upstream.for_key(key_name(1), refusal(402));
    pool.host.ask(chat());
    pool.settle();
    pool.database.add_key(key_name(7), pool.time.now_ms());
    pool.time.run_for(2'000);
    CHECK(pool.host.ask(chat()).status == 200);
    CHECK(pool.upstream.seen().back().key == key_name(7));
}

TEST_CASE("a token that was disabled or expires is refused, each with its own words") {
    Pool pool;
    SECTION("disabled before it was met") {
        StoredToken disabled;
        disabled.disabled = true;
        pool.database.add_token(kToken, "ollama", disabled);
        const ClientAnswer& answer = pool.host.ask(chat());
        CHECK(answer.status == 403);
        CHECK(has(answer.body, "\"code\":\"disabled_token\""));
    }
    SECTION("disabled elsewhere while it is known here") {
        pool.warm();
        pool.database.disable_token(kToken, pool.time.now_ms());
        pool.time.run_for(11'000);
        pool.warm();
        CHECK(pool.host.ask(chat()).status == 403);
    }
    SECTION("it expires while it is known here") {
        StoredToken short_lived;
        short_lived.expires_ms = pool.time.now_ms() + 60'000;
        pool.database.add_token(kToken, "ollama", short_lived);
        pool.warm();
        pool.time.run_until(*short_lived.expires_ms - 1);
        CHECK(pool.host.ask(chat()).status == 200);
        pool.time.run_until(*short_lived.expires_ms);
        const ClientAnswer& answer = pool.host.ask(chat());
        CHECK(answer.status == 401);
        CHECK(has(answer.body, "\"code\":\"expired_token\""));
    }
    pool.settle();
}

TEST_CASE("a token that was disabled elsewhere is refused soon, whatever else makes the working set new meanwhile") {
    Pool pool(1);
    pool.warm_up();
    pool.time.run_for(1'000);
    SECTION("a key is added here") {
        pool.database.disable_token(kToken, pool.time.now_ms());
        CHECK(pool.host.ask(as_admin("POST", "/admin/api-keys", R"({"api_key":"a-key-that-is-new"})")).status == 200);
    }
    SECTION("keys are added here again and again") {
        pool.database.disable_token(kToken, pool.time.now_ms());
        for (int i = 0; i < 4; ++i) {
            CHECK(pool.host.ask(as_admin("POST", "/admin/api-keys", R"({"api_key":"a-key-that-is-new-)" + std::to_string(i) + "\"}")).status == 200);
            pool.time.run_for(3'000);
            pool.host.ask(chat());
        }
        pool.settle();
        CHECK(pool.host.ask(chat()).status == 403);
    }
    SECTION("the pool runs dry") {
        pool.upstream.for_key(key_name(1), refusal(402));
        pool.host.ask(chat());
        pool.settle();
        pool.database.disable_token(kToken, pool.time.now_ms());
        pool.time.run_for(2'000);
        const std::size_t taken = pool.database.count("pool_take");
        pool.host.ask(chat());
        CHECK(pool.database.count("pool_take") == taken + 1);
    }
    SECTION("more keys change than can be told") {
        for (int i = 0; i < 1'001; ++i) pool.database.add_key("another-key-" + std::to_string(i), pool.time.now_ms());
        pool.database.disable_token(kToken, pool.time.now_ms());
    }
    SECTION("more tokens change than can be told") {
        pool.database.disable_token(kToken, pool.time.now_ms());
        for (int i = 0; i < 3'000; ++i) pool.database.disable_token("another-token-" + std::to_string(i), pool.time.now_ms());
    }
    pool.time.run_for(11'000);
    pool.host.ask(chat());
    pool.settle();
    CHECK(pool.host.ask(chat()).status == 403);
}

TEST_CASE("a look-up that was answered before a token was disabled, and comes after that was heard of, does not keep it valid") {
    Pool pool;
    pool.warm();
    pool.database.add_token("second-token");
    const ClientRequest second = request_of("POST", "/v1/chat/completions", chat_body(), "second-token");
    const ClientAnswer& first = pool.host.send(second);  // asks now
    pool.database.disable_token("second-token", pool.time.now_ms());
    pool.time.run_for(5);
    pool.host.enter();
    pool.host.app().providers[0].tokens.forget(sha256_hex("second-token"), pool.time.now_ms());  // as a refresh does
    pool.settle();
    CHECK(first.status == 200);
    pool.host.ask(second);
    pool.settle();
    CHECK(pool.host.ask(second).status == 403);
}

TEST_CASE("a known token is looked up anew in the background after five minutes, without anybody waiting") {
    Pool pool;
    pool.warm();
    pool.time.run_for(limits::kKnownTokenMs);
    const std::size_t asked = pool.database.count("pool_token");
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 200);
    CHECK(answer.database_calls == 0);
    pool.settle();
    CHECK(pool.database.count("pool_token") == asked + 1);
    for (int i = 0; i < 20; ++i) pool.warm();
    CHECK(pool.database.count("pool_token") == asked + 1);
}

TEST_CASE("a change of a token that no refresh told ends with its renewal") {
    Pool pool;
    pool.warm();
    pool.database.troubled_function = "pool_changes";
    pool.database.trouble = Trouble::wrong_shape;
    pool.database.disable_token(kToken, pool.time.now_ms());
    pool.time.run_for(limits::kKnownTokenMs);
    CHECK(pool.host.ask(chat()).status == 200);
    pool.settle();
    CHECK(pool.host.ask(chat()).status == 403);
}

TEST_CASE("a known token serves on where it cannot be renewed, and is asked for again only now and then") {
    Pool pool;
    pool.warm();
    pool.database.troubled_function = "pool_token";
    pool.database.trouble = Trouble::down;
    const std::size_t asked = pool.database.count("pool_token");
    pool.time.run_for(limits::kKnownTokenMs);
    for (int i = 0; i < 60; ++i) {
        CHECK(pool.host.ask(chat()).status == 200);
        pool.time.run_for(1'000);
    }
    CHECK(pool.host.logged("renewal_failed"));
    CHECK(pool.database.count("pool_token") - asked <= 3);
    CHECK(pool.database.count("pool_token") - asked >= 2);
}

TEST_CASE("a flood of unknown tokens stays away from the database, and known ones are served meanwhile") {
    Pool pool;
    pool.warm();
    const std::size_t before = pool.database.calls().size();
    int refused = 0, told_to_wait = 0;
    for (int i = 0; i < 1'000; ++i) {
        const ClientAnswer& answer = pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), "invented-" + std::to_string(i)));
        (answer.status == 401 ? refused : told_to_wait) += 1;
        if (answer.status != 401) CHECK(answer.status == 429);
        if (answer.status == 429) CHECK(answer.headers.has("retry-after"));
    }
    CHECK(refused >= 50);
    CHECK(told_to_wait > 800);
    CHECK(pool.database.calls().size() - before < 80);
    CHECK(pool.host.ask(chat()).status == 200);
}

TEST_CASE("one unknown token is looked up once in a while, so that a new one soon works") {
    Pool pool;
    pool.warm();
    const ClientRequest request = request_of("POST", "/v1/chat/completions", chat_body(), "to-be-made");
    for (int i = 0; i < 20; ++i) CHECK(pool.host.ask(request).status == 401);
    CHECK(pool.database.count("pool_token") == 1);
    pool.database.add_token("to-be-made");
    pool.time.run_for(limits::kUnknownTokenMs + 1);
    CHECK(pool.host.ask(request).status == 200);
}
