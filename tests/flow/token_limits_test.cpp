// Client tokens with limits, on the whole way of a request.
#include "base/limits.hpp"
#include "base/sha256.hpp"
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;
using limits::Refusal;

namespace {

constexpr std::string_view kLimited = "ep-limited-token";

// A pool with a second token that has these limits (as the database holds them).
struct LimitedPool : Pool {
    explicit LimitedPool(std::string bounds, const config::Variables& variables = configured()) : Pool(3, variables) { limit(std::move(bounds)); }

    void limit(std::string bounds) {
        StoredToken row;
        row.limits = std::move(bounds);
        database.add_token(kLimited, "ollama", std::move(row));
    }
    const ClientAnswer& ask(ClientRequest request = request_of("POST", "/v1/chat/completions", chat_body(), kLimited)) { return host.ask(std::move(request)); }
    long long refusals(Refusal kind) {
        settle();
        return database.refusals(std::string("limit:").append(limits::kRefusalNames[static_cast<std::size_t>(kind)]));
    }
};

ClientRequest from(std::string_view address) {
    ClientRequest request = request_of("POST", "/v1/chat/completions", chat_body(), kLimited);
    if (!address.empty()) request.headers.add("cf-connecting-ip", address);
    return request;
}

}  // namespace

TEST_CASE("requests per minute: the limit is served, one more is refused until its slot has left") {
    LimitedPool pool(R"({"requests_per_minute":3})");
    for (const char* left : {"2", "1", "0"}) {
        const ClientAnswer& answer = pool.ask();
        CHECK(answer.status == 200);
        CHECK(answer.headers.get("x-ratelimit-limit-requests") == "3");
        CHECK(answer.headers.get("x-ratelimit-remaining-requests") == left);
        CHECK(answer.headers.get("x-ratelimit-reset-requests") == "1m5s");
    }
    const std::size_t served = pool.upstream.seen().size();
    const ClientAnswer& refused = pool.ask();
    CHECK(refused.status == 429);
    CHECK(has(refused.body, "\"code\":\"rate_limited\""));
    CHECK(has(refused.body, "requests_per_minute"));
    CHECK(refused.headers.get("retry-after") == "65");
    CHECK(refused.headers.get("x-ratelimit-remaining-requests") == "0");
    CHECK(pool.upstream.seen().size() == served);
    CHECK(pool.refusals(Refusal::requests_per_minute) == 1);
    pool.settle();
    CHECK(pool.database.of_token(kLimited).requests == 3);
    pool.time.run_for(65 * kSecondMs);
    CHECK(pool.ask().status == 200);
}

TEST_CASE("tokens per minute: what was used counts afterwards, and the next request is refused when it is over") {
    LimitedPool pool(R"({"tokens_per_minute":1})");
    CHECK(pool.ask().status == 200);
    const ClientAnswer& refused = pool.ask();
    CHECK(refused.status == 429);
    CHECK(refused.headers.get("x-ratelimit-limit-tokens") == "1");
    CHECK(refused.headers.get("x-ratelimit-remaining-tokens") == "0");
    CHECK(pool.refusals(Refusal::tokens_per_minute) == 1);
}

TEST_CASE("a daily budget of requests: the last one is served, the next is refused until midnight UTC") {
    LimitedPool pool(R"({"daily_requests":2})");
    CHECK(pool.ask().status == 200);
    CHECK(pool.ask().status == 200);
    const ClientAnswer& refused = pool.ask();
    CHECK(refused.status == 402);
    CHECK(has(refused.body, "\"code\":\"budget_spent\""));
    CHECK(has(refused.body, "daily_requests is 2"));
    CHECK(std::stoi(std::string(refused.headers.get("retry-after"))) <= 16 * 3600);
    CHECK(std::stoi(std::string(refused.headers.get("retry-after"))) > 15 * 3600);
    pool.settle();
    CHECK(pool.ask().status == 402);
    CHECK(pool.database.of_token(kLimited).requests == 2);
    CHECK(pool.refusals(Refusal::budget) == 2);
    pool.time.run_for(16 * kHourMs);
    CHECK(pool.ask().status == 200);
}

TEST_CASE("a budget of requests holds for requests that come at once") {
    LimitedPool pool(R"({"daily_requests":2})");
    pool.host.ask(request_of("GET", "/v1/models", {}, kLimited));
    int served = 0, refused = 0;
    std::vector<const ClientAnswer*> answers;
    for (int i = 0; i < 6; ++i) answers.push_back(&pool.host.send(request_of("POST", "/v1/chat/completions", chat_body(), kLimited)));
    pool.settle();
    for (const ClientAnswer* answer : answers) ++(answer->status == 200 ? served : refused);
    CHECK(served == 2);
    CHECK(refused == 4);
}

TEST_CASE("what other isolates have spent is part of the budget from the first request on") {
    LimitedPool pool(R"({"monthly_tokens":100})");
    Figures figures;
    figures.requests = figures.success = 1;
    figures.prompt = 60;
    figures.completion = 40;
    pool.database.charge_token(kLimited, figures, pool.time.now_ms());
    const ClientAnswer& refused = pool.ask();
    CHECK(refused.status == 402);
    CHECK(has(refused.body, "monthly_tokens is 100"));
}

TEST_CASE("what other isolates spend is seen with the next flush, without a call more") {
    LimitedPool pool(R"({"daily_cost_nano":1000})");
    CHECK(pool.ask().status == 200);
    pool.settle();
    Figures figures;
    figures.cost_nano = 1000;
    pool.database.charge_token(kLimited, figures, pool.time.now_ms());
    const ClientAnswer& stale = pool.ask();
    CHECK(stale.status == 200);
    CHECK(stale.database_calls == 0);
    pool.time.run_for(limits::kFlushWindowMs + kSecondMs);
    const ClientAnswer& refused = pool.ask();
    CHECK(refused.status == 402);
    CHECK(has(refused.body, "daily_cost_usd is 0.000001"));
    CHECK(pool.database.count("pool_token") == 0);
}

TEST_CASE("a warm isolate asks the database nothing for a token with limits, and never for its budget alone") {
    LimitedPool pool(R"({"daily_tokens":1000000,"requests_per_minute":1000})");
    CHECK(pool.ask().status == 200);
    for (int i = 0; i < 5; ++i) CHECK(pool.ask().database_calls == 0);
    CHECK(pool.database.count("pool_token") == 0);
}

TEST_CASE("what was counted here and acknowledged is neither forgotten nor counted twice when the budget is read again") {
    LimitedPool pool(R"({"daily_requests":100})");
    for (int round = 0; round < 11; ++round) {
        for (int i = 0; i < 5; ++i) CHECK(pool.ask().status == 200);
        pool.time.run_for(3 * kSecondMs);
    }
    pool.settle();
    CHECK(pool.database.count("pool_record") >= 5);
    CHECK(pool.ask().headers.get("x-ratelimit-remaining-requests") == "44");
    pool.settle();
    CHECK(pool.ask().headers.get("x-ratelimit-remaining-requests") == "43");
}

TEST_CASE("a budget that cannot be read goes on from what is known") {
    LimitedPool pool(R"({"daily_requests":3})");
    CHECK(pool.ask().status == 200);
    pool.settle();
    pool.database.trouble = FakeDatabase::Trouble::down;
    pool.time.run_for(20 * kSecondMs);
    CHECK(pool.ask().status == 200);
    CHECK(pool.ask().status == 200);
    CHECK(pool.ask().status == 402);
    pool.database.trouble = FakeDatabase::Trouble::none;
    pool.settle();
}

TEST_CASE("a model that the token may not use is forbidden in every dialect, and named") {
    LimitedPool pool(R"({"models":["qwen*"]})");
    const ClientAnswer& openai = pool.ask();
    CHECK(openai.status == 403);
    CHECK(has(openai.body, "\"type\":\"permission_error\""));
    CHECK(has(openai.body, "the model gpt-oss:120b"));
    const ClientAnswer& anthropic = pool.ask(request_of("POST", "/v1/messages", chat_body("\"max_tokens\":9,"), kLimited));
    CHECK(anthropic.status == 403);
    CHECK(has(anthropic.body, "{\"type\":\"error\",\"error\":{\"type\":\"permission_error\""));
    const ClientAnswer& native = pool.ask(request_of("POST", "/api/chat", chat_body(), kLimited));
    CHECK(native.status == 403);
    CHECK(has(native.body, "{\"error\":\"this client token may not use the model"));
    CHECK(pool.upstream.seen().empty());
    CHECK(pool.refusals(Refusal::model) == 3);
    CHECK(pool.ask(request_of("GET", "/v1/models", {}, kLimited)).status == 200);
}

TEST_CASE("a token may be given a model by the operator's name for it, and is never served by a fallback that it may not use") {
    LimitedPool pool(R"({"models":["fast","cheap*"],"providers":["ollama"]})",
                     configured({{"MODEL_ALIASES", R"({"fast":"gpt-oss:20b"})"}, {"MODEL_FALLBACKS", R"({"gpt-oss:20b":["openrouter:cheap","dear","cheap:1b"]})"}}));
    CHECK(pool.ask().status == 403);
    pool.upstream.in_order({refusal(404, "model 'gpt-oss:20b' not found")});
    const ClientAnswer& answer = pool.ask(request_of("POST", "/v1/chat/completions", R"({"model":"fast","messages":[]})", kLimited));
    CHECK(answer.status == 200);
    CHECK(answer.headers.get("x-pool-model") == "cheap:1b");
}

TEST_CASE("a token for certain models names no others by the members that a provider would heed, in any case and dialect") {
    Pool pool(0);
    StoredToken row;
    row.limits = R"({"models":["gpt-oss*"]})";
    pool.database.add_key("sk-or-key", 0, "openrouter");
    pool.database.add_token(kLimited, "openrouter", row);
    pool.database.add_token(kToken, "openrouter");
    const auto ask = [&](std::string_view path, std::string_view members, std::string_view token = kLimited) -> const ClientAnswer& {
        return pool.host.ask(request_of("POST", path, chat_body(members), token));
    };
    for (const char* members : {R"("models":["dear/model"],)", R"("MODELS":["dear/model"],)", R"("\u006dodels":"dear/model",)", R"("models":[],)"}) {
        CAPTURE(members);
        const ClientAnswer& refused = ask("/openrouter/v1/chat/completions", members);
        CHECK(refused.status == 403);
        CHECK(has(refused.body, R"("param":"models")"));
    }
    const ClientAnswer& anthropic = ask("/openrouter/v1/messages", R"("max_tokens":9,"fallbacks":[{"model":"dear/model"}],)");
    CHECK(anthropic.status == 403);
    CHECK(has(anthropic.body, R"({"type":"error","error":{"type":"permission_error")"));
    CHECK(has(anthropic.body, "fallbacks"));
    CHECK(pool.upstream.seen().empty());
    CHECK(ask("/openrouter/v1/chat/completions", R"("models":null,"metadata":{"models":["x"]},)").status == 200);
    CHECK(ask("/openrouter/v1/chat/completions", R"("models":["dear/model"],)", kToken).status == 200);
    pool.settle();
    CHECK(pool.database.refusals("limit:model", "openrouter") == 5);
}

TEST_CASE("a member that only the provider of a fallback would heed is refused where there is such a fallback") {
    const bool has_fallback = GENERATE(true, false);
    LimitedPool pool(R"({"models":["gpt-oss*"]})", configured({{"MODEL_FALLBACKS", has_fallback ? R"({"gpt-oss:120b":["openrouter:gpt-oss"]})" : ""}}));
    const ClientAnswer& answer = pool.ask(request_of("POST", "/v1/chat/completions", chat_body(R"("models":["dear/model"],)"), kLimited));
    CHECK(answer.status == (has_fallback ? 403 : 200));
}

TEST_CASE("a budget is kept when its meter had to go: the token is looked up again") {
    LimitedPool pool(R"({"daily_requests":2})");
    CHECK(pool.ask().status == 200);
    pool.settle();
    auto& meters = pool.host.app().providers[0].meters;
    for (std::size_t i = 0; i <= limits::kTokenCacheEntries; ++i) meters.begin("another" + std::to_string(i), {}, pool.time.now_ms() + 1);
    REQUIRE(meters.find(sha256_hex(kLimited)) == nullptr);
    SECTION("by the database") {
        CHECK(pool.ask().status == 200);
        CHECK(pool.database.count("pool_token") == 1);
        CHECK(pool.ask().status == 402);
    }
    SECTION("by what is served from here on, where the database is away") {
        pool.database.trouble = FakeDatabase::Trouble::down;
        CHECK(pool.ask().status == 200);
        CHECK(pool.ask().status == 200);
        CHECK(pool.ask().status == 402);
        pool.database.trouble = FakeDatabase::Trouble::none;
    }
    pool.settle();
}

TEST_CASE("a token is used only from where it may be") {
    LimitedPool pool(R"({"addresses":["10.0.0.0/8"]})");
    CHECK(pool.ask(from("10.1.2.3")).status == 200);
    const ClientAnswer& refused = pool.ask(from("203.0.113.9"));
    CHECK(refused.status == 403);
    CHECK(has(refused.body, "203.0.113.9"));
    CHECK(pool.ask(from("")).status == 403);
}

TEST_CASE("limits that cannot be read allow nothing") {
    LimitedPool pool(R"({"requests_per_minuet":60})");
    CHECK(pool.ask().status == 403);
    CHECK(pool.refusals(Refusal::unreadable) == 1);
}

TEST_CASE("limits that change hold within seconds") {
    LimitedPool pool(R"({"models":["qwen*"]})");
    CHECK(pool.ask().status == 403);
    pool.settle();
    CHECK(pool.host.ask(as_admin("PATCH", "/admin/tokens/" + sha256_hex(kLimited), R"({"limits":{}})")).status == 200);
    CHECK(pool.ask().status == 200);
    CHECK(pool.ask().headers.get("x-ratelimit-limit-requests").empty());
}

TEST_CASE("a token without limits has no headers of limits and is metered nowhere") {
    Pool pool;
    CHECK(pool.host.ask(chat()).headers.get("x-ratelimit-limit-requests").empty());
}
