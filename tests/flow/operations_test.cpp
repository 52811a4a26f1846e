// What an operator's pages ask: trends and settings.
#include "base/limits.hpp"
#include "flow/pool_under_test.hpp"
#include "json/scan.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

std::string ask_admin(Pool& pool, std::string_view path, int status = 200) {
    const ClientAnswer& answer = pool.host.ask(as_admin("GET", path));
    CAPTURE(path, answer.body);
    CHECK(answer.status == status);
    CHECK(json::scan_value(answer.body).has_value());
    return answer.body;
}

std::size_t times(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

}  // namespace

TEST_CASE("the day's trend has 24 hours, the last of them with what this isolate has just answered") {
    Pool pool;
    pool.upstream.in_order({chat_answer().slower(30), chat_answer().slower(90), refusal(400)});
    for (int i = 0; i < 3; ++i) pool.host.ask(chat());
    const std::string body = ask_admin(pool, "/admin/trends?window=24h");
    CHECK(has(body, "{\"provider\":\"ollama\",\"window\":\"24h\",\"step\":\"hour\",\"rows\":[{\"start\":\"2027-01-14T09:00:00.000Z\",\"requests\":0"));
    CHECK(times(body, "\"start\":") == 24);
    CHECK(has(body, "{\"start\":\"2027-01-15T08:00:00.000Z\",\"requests\":3,\"success\":2,\"failure\":1,"));
    CHECK(has(body, "\"totals\":{\"requests\":3,\"success\":2,\"failure\":1,"));
    CHECK(has(body, "\"models\":[{\"model\":\"gpt-oss:120b\",\"requests\":3,"));
}

TEST_CASE("latency is the mean time to the first byte of the successes, from the request's arrival, and null without any") {
    Pool pool;
    CHECK(times(ask_admin(pool, "/admin/trends"), "\"latency_ms\":null") == 25);
    pool.warm();
    const Figures before = pool.database.of_model(kModel);
    pool.upstream.in_order({chat_answer().slower(100), refusal(429).slower(200), chat_answer().slower(300), refusal(400).slower(5'000)});
    for (int i = 0; i < 3; ++i) pool.host.ask(chat());
    pool.settle();
    const Figures after = pool.database.of_model(kModel);
    CHECK(after.latency_count - before.latency_count == 2);
    const long long added_ms = after.latency_ms - before.latency_ms;
    CAPTURE(added_ms);
    CHECK(added_ms >= 600);  // the second success waited for the first key as well
    CHECK(added_ms < 800);
}

TEST_CASE("the month's trend has 30 days of the display zone") {
    Pool pool(3, configured({{"DISPLAY_TIMEZONE_OFFSET", "+08:00"}}));
    const std::string body = ask_admin(pool, "/admin/trends?window=30d&provider=openrouter");
    CHECK(times(body, "\"start\":") == 30);
    CHECK(has(body, "\"step\":\"day\",\"rows\":[{\"start\":\"2026-12-16T16:00:00.000Z\""));
    CHECK(has(body, "{\"start\":\"2027-01-14T16:00:00.000Z\""));
}

TEST_CASE("another window is refused by name, and an older schema says how to mend it") {
    Pool pool;
    CHECK(has(ask_admin(pool, "/admin/trends?window=7d", 400), "window"));
    pool.database.trouble = FakeDatabase::Trouble::no_functions;
    CHECK(has(ask_admin(pool, "/admin/trends", 503), "sql/schema.sql"));
    pool.database.trouble = FakeDatabase::Trouble::wrong_shape;
    ask_admin(pool, "/admin/trends", 502);
}

TEST_CASE("the settings name every variable, and never a secret's value") {
    Pool pool(3, configured({{"MAX_ATTEMPTS", "3"}, {"DATABASE_URL", "postgresql://postgres.ref:pass-word@host/db"}}));
    const std::string body = ask_admin(pool, "/admin/settings");
    for (const char* part :
         {"{\"name\":\"ADMIN_TOKEN\",\"set\":true,\"secret\":true,\"value\":null,\"default\":null}",
          "{\"name\":\"MAX_ATTEMPTS\",\"set\":true,\"secret\":false,\"value\":\"3\",\"default\":\"4\"}",
          "{\"name\":\"RETENTION_DAYS\",\"set\":false,\"secret\":false,\"value\":null,\"default\":\"30\"}", "\"problems\":[]", "\"missing\":[]",
          "\"storage\":{\"kind\":\"postgres\",\"reachable\":true,\"latencyMs\":10}", "\"schema\":{\"needed\":3,\"found\":3,\"mend\":\"",
          "\"cron\":{\"lastRun\":null,\"report\":null}", "{\"id\":\"ollama\",\"enabled\":true,\"baseUrl\":\"https://"}) {
        CAPTURE(part, body);
        CHECK(has(body, part));
    }
    CHECK(!has(body, kAdminToken));
    CHECK(!has(body, "pass-word"));
    CHECK(pool.host.ask(request_of("GET", "/admin/settings")).status == 401);
}

TEST_CASE("the settings answer while the configuration is incomplete, and ask nothing of the database") {
    Pool pool(0, configured({{"SUPABASE_SERVICE_ROLE_KEY", ""}, {"KEY_STRATEGY", "luck"}}));
    const std::string body = ask_admin(pool, "/admin/settings");
    CHECK(has(body, "\"problems\":[\"KEY_STRATEGY: must be p2c, round_robin, random or affinity\"]"));
    CHECK(has(body, "\"missing\":[\"SUPABASE_SERVICE_ROLE_KEY\"]"));
    CHECK(has(body, "\"schema\":{\"needed\":3,\"found\":null"));
    CHECK(pool.database.calls().empty());
    Pool nobody(0, configured({{"ADMIN_TOKEN", "change-me"}}));
    CHECK(nobody.host.ask(as_admin("GET", "/admin/settings")).status == 503);
}

TEST_CASE("when the housekeeping last ran, and what it did, is in the settings and in /health") {
    Pool pool;
    pool.host.begin_housekeeping();
    pool.settle();
    CHECK(has(ask_admin(pool, "/admin/settings"), "\"cron\":{\"lastRun\":\"2027-01-15T08:00:"));
    CHECK(has(ask_admin(pool, "/admin/settings"), "\"report\":{\"ollama\":{\"probed\":"));
    CHECK(has(pool.host.ask(request_of("GET", "/health")).body, "\"cron\":{\"lastRun\":\"2027-01-15T08:00:"));
}

TEST_CASE("the metrics hold what this isolate has just answered, and what it refused") {
    Pool pool;
    pool.host.ask(chat());
    pool.host.ask(request_of("POST", "/v1/chat/completions", "{"));
    const ClientAnswer& answer = pool.host.ask(as_admin("GET", "/metrics"));
    CHECK(answer.status == 200);
    CHECK(answer.headers.get("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(answer.headers.get("access-control-allow-origin").empty());
    for (const char* line : {"edgepool_database_up{provider=\"ollama\"} 1\n", "edgepool_requests_total{provider=\"ollama\",outcome=\"success\"} 1\n",
                             "edgepool_refusals_total{provider=\"ollama\",code=\"bad_json\"} 1\n", "edgepool_keys{provider=\"ollama\",state=\"active\"} 3\n",
                             "edgepool_model_first_byte_seconds_count{provider=\"ollama\",model=\"gpt-oss:120b\"} 1\n"}) {
        CAPTURE(line, answer.body);
        CHECK(has(answer.body, line));
    }
}

TEST_CASE("the metrics say which limit refused, beside the error's code") {
    Pool pool(3, configured({{"ENABLE_RATE_LIMIT", "true"}, {"RATE_LIMIT_REQUESTS", "2"}}));
    for (int i = 0; i < 5; ++i) pool.host.ask(chat());
    const std::string body = pool.host.ask(as_admin("GET", "/metrics")).body;
    CHECK(has(body, "edgepool_refusals_total{provider=\"ollama\",code=\"rate_limited\"} 3\n"));
    CHECK(has(body, "edgepool_limit_refusals_total{provider=\"ollama\",limit=\"token_rate\"} 3\n"));
    CHECK_FALSE(has(body, "limit:"));
}

TEST_CASE("METRICS_TOKEN opens the metrics and nothing else") {
    Pool pool(3, configured({{"METRICS_TOKEN", "scraper-token"}}));
    CHECK(pool.host.ask(request_of("GET", "/metrics", {}, "scraper-token")).status == 200);
    CHECK(pool.host.ask(as_admin("GET", "/metrics")).status == 200);
    for (const char* token : {"", "scraper-toke", "scraper-tokenn", "Scraper-token"}) {
        CHECK(pool.host.ask(request_of("GET", "/metrics", {}, token)).status == 401);
    }
    CHECK(pool.host.ask(request_of("GET", "/metrics")).status == 401);
    CHECK(pool.host.ask(request_of("GET", "/admin/stats", {}, "scraper-token")).status == 401);
    Pool without;
    CHECK(without.host.ask(request_of("GET", "/metrics", {}, "")).status == 401);
    Pool unset(0, configured({{"METRICS_TOKEN", "change-me"}}));
    CHECK(unset.host.ask(as_admin("GET", "/metrics")).status == 503);
}

TEST_CASE("METRICS_TOKEN does not clear an address that guesses the admin token") {
    Pool pool(3, configured({{"METRICS_TOKEN", "scraper-token"}}));
    const auto from = [&](ClientRequest request) {
        request.headers.add("cf-connecting-ip", "203.0.113.9");
        return pool.host.ask(std::move(request)).status;
    };
    for (std::uint32_t i = 1; i < limits::kFreeRefusals; ++i) {
        CHECK(from(request_of("GET", "/admin/stats", {}, "a guess")) == 401);
        CHECK(from(request_of("GET", "/metrics", {}, "scraper-token")) == 200);
    }
    CHECK(from(request_of("GET", "/admin/stats", {}, "a guess")) == 401);
    CHECK(from(request_of("GET", "/admin/stats", {}, "a guess")) == 429);
}

TEST_CASE("without the database the metrics say so and give no figures") {
    Pool pool;
    pool.database.trouble = FakeDatabase::Trouble::down;
    const std::string body = pool.host.ask(as_admin("GET", "/metrics")).body;
    CHECK(has(body, "edgepool_database_up{provider=\"ollama\"} 0\n"));
    CHECK(!has(body, "edgepool_requests_total{"));
}

TEST_CASE("the daily run lays what the provider says a key has cost beside our own figure, after its own counts are sent") {
    Pool pool(0);
    const std::string first = pool.database.add_key("or-key-one", 0, "openrouter"), second = pool.database.add_key("or-key-two", 0, "openrouter");
    pool.upstream.for_key("or-key-one", json_reply(200, R"({"data":{"usage":1.25,"limit":null}})"));
    pool.upstream.for_key("or-key-two", json_reply(401, R"({"error":{"message":"no","code":401}})"));
    pool.host.begin_housekeeping();
    pool.settle();
    std::string told;
    std::size_t recorded_before = 0;
    for (const DatabaseCall& call : pool.database.calls()) {
        if (call.function == "pool_record") ++recorded_before;
        if (call.function != "pool_reconcile") continue;
        CHECK(told.empty());
        CHECK(recorded_before > 0);
        told = call.body;
    }
    CHECK(has(told, "\"provider\":\"openrouter\""));
    CHECK(has(told, "\"rows\":[{\"id\":\"" + first + "\",\"used_nano\":1250000000}]"));
    CHECK(!has(told, second));
}

TEST_CASE("the comparison is told in the order the database gives it, with times that can be read") {
    Pool pool(1);
    const std::string body = ask_admin(pool, "/admin/reconcile");
    CHECK(has(body, "\"ours_nano\":10,\"theirs_nano\":7,\"drift_nano\":-3,\"since\":\"2027-01-15T"));
    CHECK(has(body, "\"total\":1,\"at\":\"2027-01-15T"));
    CHECK(has(ask_admin(pool, "/admin/reconcile?provider=openrouter"), "{\"rows\":[],\"total\":0,\"at\":null}"));
    pool.database.trouble = FakeDatabase::Trouble::wrong_shape;
    ask_admin(pool, "/admin/reconcile", 502);
}
