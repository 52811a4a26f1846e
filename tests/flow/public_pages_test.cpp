// What anybody may ask: health, the public figures, the list of models, the front door.
#include "base/limits.hpp"
#include "flow/pool_under_test.hpp"
#include "json/scan.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

using Trouble = FakeDatabase::Trouble;

const ClientAnswer& ask_public(Pool& pool, std::string_view path, std::string_view token = {}) {
    const ClientAnswer& answer = pool.host.ask(request_of("GET", path, {}, token));
    CAPTURE(answer.body);
    CHECK(json::scan_value(answer.body).has_value());
    CHECK(answer.headers.get("access-control-allow-origin") == "*");
    return answer;
}

std::size_t times(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

}  // namespace

TEST_CASE("health is ok when the database and the tables are there") {
    Pool pool;
    pool.warm();
    const ClientAnswer& answer = ask_public(pool, "/health");
    CHECK(answer.status == 200);
    for (const char* part : {"\"status\":\"ok\"", "\"configured\":true", "\"reachable\":true", "\"latencyMs\":10", "\"kind\":\"postgres\"",
                             "\"ollama\":{\"enabled\":true,\"configured\":true,\"tables\":\"ok\",\"usableKeys\":3}", "\"openrouter\":{"}) {
        CAPTURE(part, answer.body);
        CHECK(has(answer.body, part));
    }
}

TEST_CASE("health is degraded, and says why") {
    Pool pool;
    SECTION("the database is down") {
        pool.database.trouble = Trouble::down;
        const ClientAnswer& answer = ask_public(pool, "/health");
        CHECK(answer.status == 200);
        CHECK(has(answer.body, "\"status\":\"degraded\""));
        CHECK(has(answer.body, "\"reachable\":false"));
        CHECK(has(answer.body, "\"tables\":\"unknown\""));
    }
    SECTION("the schema is missing") {
        pool.database.trouble = Trouble::no_functions;
        const ClientAnswer& answer = ask_public(pool, "/health");
        CHECK(has(answer.body, "\"status\":\"degraded\""));
        CHECK(has(answer.body, "\"reachable\":true"));
        CHECK(has(answer.body, "sql/schema.sql"));
    }
    SECTION("the schema is too old") {
        pool.database.version = 0;
        const ClientAnswer& answer = ask_public(pool, "/health");
        CHECK(has(answer.body, "\"status\":\"degraded\""));
        CHECK(has(answer.body, "\"tables\":\"outdated\""));
    }
    SECTION("the database speaks nonsense") {
        pool.database.trouble = GENERATE(Trouble::garbage, Trouble::wrong_shape);
        CHECK(has(ask_public(pool, "/health").body, "\"status\":\"degraded\""));
    }
    SECTION("nobody is left to serve") {
        pool.upstream.by_default(refusal(503));
        pool.host.ask(chat());
        pool.host.ask(chat());
        pool.host.ask(chat());
        const ClientAnswer& answer = ask_public(pool, "/health");
        CHECK(has(answer.body, "\"status\":\"degraded\""));
        CHECK(has(answer.body, "\"incident\":{\"reason\":\"overloaded\""));
        CHECK(pool.host.logged("\"event\":\"incident_began\""));
    }
}

TEST_CASE("one provider's missing tables leave health ok, with that provider not configured") {
    Pool pool;
    pool.database.missing_tables = "openrouter";
    const ClientAnswer& answer = ask_public(pool, "/health");
    CHECK(has(answer.body, "\"status\":\"ok\""));
    CHECK(has(answer.body, "\"openrouter\":{\"enabled\":true,\"configured\":false,\"tables\":\"missing\""));
}

TEST_CASE("health is 503 while nothing is configured, and names what to set") {
    Pool pool(0, configured({{"ADMIN_TOKEN", "change-me"}, {"SUPABASE_REST_URL", ""}, {"KEY_STRATEGY", "luck"}}));
    const ClientAnswer& answer = ask_public(pool, "/health");
    CHECK(answer.status == 503);
    CHECK(has(answer.body, "\"status\":\"unconfigured\""));
    CHECK(has(answer.body, "\"missing\":[\"ADMIN_TOKEN\",\"SUPABASE_REST_URL\"]"));
    CHECK(has(answer.body, "KEY_STRATEGY"));
    const ClientAnswer& home = ask_public(pool, "/");
    CHECK(home.status == 200);
    CHECK(has(home.body, "ADMIN_TOKEN"));
    CHECK(pool.database.calls().empty());
}

TEST_CASE("health asks the database every five seconds at most, and a visitor who leaves teaches it nothing") {
    Pool pool;
    CHECK(pool.host.ask(leaving_after(5, request_of("GET", "/health"))).left);
    CHECK(has(ask_public(pool, "/health").body, "\"status\":\"ok\""));
    for (int i = 0; i < 50; ++i) ask_public(pool, "/health");
    CHECK(pool.database.count("pool_version") == 2);
    pool.time.run_for(5'000);
    ask_public(pool, "/health");
    CHECK(pool.database.count("pool_version") == 3);
}

TEST_CASE("the public figures hold every request that this isolate has answered, before any flush") {
    Pool pool;
    pool.upstream.in_order({chat_answer(), chat_answer(), refusal(400)});
    for (int i = 0; i < 3; ++i) pool.host.ask(chat());
    const ClientAnswer& answer = ask_public(pool, "/admin/public-stats");
    CHECK(answer.status == 200);
    for (const char* part :
         {"\"global\":{\"totalRequests\":3,\"successCount\":2,\"failureCount\":1,\"successRate\":\"66.67\",\"lastUpdated\":\"2027-01-15T16:00:00+08:00\"",
          "\"totalApiKeys\":3,\"activeKeys\":3,\"failedKeys\":0,\"storage\":\"postgres\"",
          "\"topModels\":[{\"model\":\"gpt-oss:120b\",\"requests\":3,\"success\":2,\"failure\":1,\"successRate\":\"66.67\"}]", "\"recentTopModels\":[{",
          "{\"hour\":\"16:00\",\"requests\":3,\"success\":2,\"failure\":1,\"hourStart\":\"2027-01-15T08:00:00Z\"}]", "\"provider\":\"ollama\"",
          "\"successRate\":66.67,"}) {
        CAPTURE(part, answer.body);
        CHECK(has(answer.body, part));
    }
    CHECK(times(answer.body, "\"hourStart\"") == 24);
    CHECK_FALSE(has(answer.body, "stale"));
    pool.settle();
    CHECK(pool.database.totals().requests == 3);
}

TEST_CASE("the public figures are kept for a few seconds") {
    Pool pool;
    for (int i = 0; i < 50; ++i) ask_public(pool, "/admin/public-stats");
    CHECK(pool.database.count("pool_public_stats") == 1);
    pool.time.run_for(5'000);
    ask_public(pool, "/admin/public-stats");
    CHECK(pool.database.count("pool_public_stats") == 2);
    ask_public(pool, "/admin/public-stats?provider=openrouter");
    CHECK(pool.database.count("pool_public_stats") == 3);
}

TEST_CASE("without the database the last known figures are shown and marked stale, or 503 when there are none") {
    const Trouble trouble = GENERATE(Trouble::down, Trouble::overloaded, Trouble::slow);
    Pool pool;
    pool.warm();
    CHECK(ask_public(pool, "/admin/public-stats").status == 200);
    pool.database.trouble = trouble;
    pool.time.run_for(10'000);
    const ClientAnswer& stale = ask_public(pool, "/admin/public-stats");
    CHECK(stale.status == 200);
    CHECK(has(stale.body, "{\"stale\":true,\"global\":{\"totalRequests\":1,"));
    const ClientAnswer& none = ask_public(pool, "/admin/public-stats?provider=openrouter");
    CHECK(none.status == 503);
    CHECK(none.headers.has("retry-after"));
    pool.database.trouble = Trouble::none;
    pool.time.run_for(1'000);
    CHECK_FALSE(has(ask_public(pool, "/admin/public-stats").body, "stale"));
}

TEST_CASE("a crowd of visitors has the figures and health from one call each") {
    const bool is_cold = GENERATE(true, false);
    const auto [path, function] = GENERATE(std::pair("/admin/public-stats", "pool_public_stats"), std::pair("/health", "pool_version"));
    CAPTURE(is_cold, path);
    Pool pool;
    if (!is_cold) ask_public(pool, path);
    pool.time.run_for(10'000);
    const std::size_t before = pool.database.count(function);
    std::vector<const ClientAnswer*> answers;
    for (int i = 0; i < 50; ++i) answers.push_back(&pool.host.send(request_of("GET", path, {}, {})));
    pool.settle();
    for (const ClientAnswer* answer : answers) CHECK(answer->status == 200);
    CHECK(pool.database.count(function) == before + 1);
    if (is_cold) CHECK_FALSE(has(answers.back()->body, "stale"));
}

TEST_CASE("visitors of a database in trouble do not add to it, and none of them waits for long but those who ask it") {
    const Trouble trouble = GENERATE(Trouble::down, Trouble::overloaded, Trouble::slow, Trouble::wrong_shape);
    const bool is_cold = GENERATE(true, false);
    const auto [path, function] = GENERATE(std::pair("/admin/public-stats", "pool_public_stats"), std::pair("/health", "pool_version"));
    CAPTURE(static_cast<int>(trouble), is_cold, path);
    Pool pool;
    if (!is_cold) {
        pool.warm();
        ask_public(pool, path);
    }
    pool.time.run_for(10'000);
    const std::size_t before = pool.database.count(function), flushed_before = pool.database.count("pool_record");
    pool.database.trouble = trouble;
    if (!is_cold) pool.host.ask(chat());
    std::vector<const ClientAnswer*> answers;
    for (int i = 0; i < 600; ++i) {
        answers.push_back(&pool.host.send(request_of("GET", path, {}, {})));
        pool.time.run_for(100);
    }
    pool.settle();
    CHECK(pool.database.count(function) - before <= 13);
    CHECK(pool.database.count("pool_record") - flushed_before <= 30);
    std::size_t slow = 0;
    for (const ClientAnswer* answer : answers) {
        if (answer->status == 503) CHECK(answer->headers.has("retry-after"));
        else if (answer->status != 502) CHECK(answer->status == 200);
        slow += answer->ended_ms - answer->began_ms > 4'100 ? 1 : 0;
    }
    CHECK(slow <= pool.database.count(function) - before);
}

TEST_CASE("visitors who come and go make the database work no more than those who stay") {
    const auto [path, function] = GENERATE(std::pair("/admin/public-stats", "pool_public_stats"), std::pair("/health", "pool_version"));
    Pool pool;
    for (int i = 0; i < 300; ++i) {
        pool.host.send(leaving_after(5, request_of("GET", path, {}, {})));
        pool.time.run_for(100);
    }
    CHECK(pool.database.count(function) <= 31);
    CHECK(ask_public(pool, path).status == 200);
}

TEST_CASE("visitors make an isolate ask and flush no more often than the database's window says") {
    Pool pool;
    pool.database.hint_ms = limits::kLongestFlushWindowMs;
    pool.warm();
    pool.warm();
    const std::size_t before = pool.database.calls().size();
    for (int i = 0; i < 600; ++i) {
        pool.host.send(chat());
        ask_public(pool, "/admin/public-stats");
        ask_public(pool, "/health");
        pool.time.run_for(80);
    }
    CHECK(pool.database.count("pool_public_stats") <= 4);
    CHECK(pool.database.count("pool_version") <= 4);
    CHECK(pool.database.calls().size() - before <= 18);
}

TEST_CASE("a figure that the database's answer lacks is not shown as zero") {
    Pool pool;
    pool.database.trouble = Trouble::wrong_shape;
    CHECK(ask_public(pool, "/admin/public-stats").status == 502);
    CHECK(pool.host.ask(as_admin("GET", "/admin/stats")).status == 502);
}

TEST_CASE("the list of models is asked for once in a few minutes and is the same for all") {
    Pool pool;
    const Reply list = json_reply(200, "{\"object\":\"list\",\"data\":[{\"id\":\"m1\",\"object\":\"model\"}]}");
    pool.upstream.by_default(list);
    for (int i = 0; i < 20; ++i) {
        const ClientAnswer& answer = ask_public(pool, "/v1/models", i % 2 == 0 ? kToken : std::string_view());
        CHECK(answer.status == 200);
        CHECK(answer.body == joined(list.pieces));
    }
    CHECK(pool.upstream.count() == 1);
    CHECK(pool.upstream.seen()[0].url == "https://first.example/v1/models");
    pool.time.run_for(300'000);
    ask_public(pool, "/v1/models");
    CHECK(pool.upstream.count() == 2);
    pool.settle();
    CHECK(pool.database.totals().requests == 0);
}

TEST_CASE("a list of models that is none is not kept") {
    Pool pool;
    pool.upstream.in_order({json_reply(200, "<html>maintenance</html>").with("content-type", "text/html")});
    pool.upstream.by_default(json_reply(200, "{\"object\":\"list\",\"data\":[]}"));
    CHECK(pool.host.ask(request_of("GET", "/v1/models")).body == "<html>maintenance</html>");
    CHECK(ask_public(pool, "/v1/models", kToken).body == "{\"object\":\"list\",\"data\":[]}");
}

TEST_CASE("the list of models needs no token, but one that is sent must be valid") {
    Pool pool;
    CHECK(ask_public(pool, "/v1/models").status == 200);
    CHECK(ask_public(pool, "/v1/models", "wrong").status == 401);
    CHECK(ask_public(pool, "/openrouter/v1/models").status == 503);
}

TEST_CASE("callers without a token cannot make the pool ask for models in a loop") {
    Pool pool;
    pool.upstream.by_default(refusal(400));
    CHECK(ask_public(pool, "/v1/models").status == 400);
    const std::size_t asked = pool.upstream.count();
    const ClientAnswer& answer = ask_public(pool, "/v1/models");
    CHECK(answer.status == 429);
    CHECK(answer.headers.has("retry-after"));
    CHECK(pool.upstream.count() == asked);
    CHECK(ask_public(pool, "/v1/models", kToken).status == 400);
}

TEST_CASE("a request without a body passes through the pool with its failover") {
    Pool pool;
    pool.upstream.in_order({refusal(500)});
    pool.upstream.by_default(json_reply(200, "{\"models\":[]}"));
    const ClientAnswer& answer = ask_public(pool, "/api/tags?x=1", kToken);
    CHECK(answer.body == "{\"models\":[]}");
    CHECK(pool.upstream.count() == 2);
    CHECK(pool.upstream.seen()[1].url == "https://first.example/api/tags?x=1");
    CHECK(pool.upstream.seen()[1].method == "GET");
    CHECK(pool.host.ask(request_of("GET", "/v1/models/some%2Fmodel")).status == 200);
    CHECK(pool.upstream.seen()[2].url == "https://first.example/v1/models/some%2Fmodel");
}
