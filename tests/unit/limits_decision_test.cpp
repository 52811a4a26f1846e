// The limits table: every limit one short of it, at it and one past it, with what a client is told.
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "limits/decision.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using limits::Allowance;
using limits::Refusal;
using limits::Refused;
using limits::Spent;
using limits::TokenLimits;

namespace {

constexpr double kNowMs = 1'800'000'000'000;  // 2027-01-15T08:00:00Z
constexpr std::int64_t kMost = 100;

TokenLimits limits_of(const std::string& text) { return *limits::read_limits(*json::parse(text), limits::Form::stored); }

// What is decided when this much of it is used.
std::optional<Refused> decide(const limits::Measure& measure, std::int64_t used) {
    const TokenLimits bounds = limits_of("{\"" + std::string(measure.stored_name) + "\":" + std::to_string(kMost) + "}");
    if (measure.span == limits::Span::minute) {
        const std::vector<limits::RateRule> rules = limits::rate_rules_of(bounds, "scope", "hash");
        REQUIRE(rules.size() == 1);
        limits::SlotCounts counts{};
        counts.back() = used;
        return limits::judge_rate(rules[0], counts, kNowMs);
    }
    Spent spent;
    (measure.quantity == limits::Quantity::requests ? spent.requests : measure.quantity == limits::Quantity::tokens ? spent.tokens : spent.cost_nano) = used;
    const Spent none;
    std::vector<Allowance> allowances;
    const bool is_daily = measure.span == limits::Span::day;
    return limits::judge_budgets(bounds, is_daily ? spent : none, is_daily ? none : spent, 0, kNowMs, allowances);
}

const Headers kNoHeaders;

}  // namespace

TEST_CASE("the limits table: one short of a limit passes, at the limit and past it is refused") {
    std::printf("%-20s %6s  %-6s %-24s %s\n", "limit (100)", "used", "status", "code", "Retry-After");
    for (const limits::Measure& measure : limits::kMeasures) {
        for (const std::int64_t used : {kMost - 1, kMost, kMost + 1}) {
            const auto refused = decide(measure, used);
            CAPTURE(measure.name, used);
            const ErrorInfo* info = refused ? &error_info(refused->error.code) : nullptr;
            std::printf("%-20s %6lld  %-6d %-24s %u\n", measure.name, static_cast<long long>(used), info ? info->http_status : 200,
                        info ? std::string(info->name).c_str() : "-", refused ? refused->error.retry_after_s : 0);
            REQUIRE(refused.has_value() == (used >= kMost));
            if (!refused) continue;
            const bool is_rate = measure.span == limits::Span::minute;
            CHECK(refused->error.code == (is_rate ? ErrorCode::rate_limited : ErrorCode::budget_spent));
            CHECK(info->http_status == (is_rate ? 429 : 402));
            const std::uint32_t until = is_rate ? 65u : measure.span == limits::Span::day ? 16u * 3600 : 17u * 86'400 - 8 * 3600;
            CHECK(refused->error.retry_after_s == until);
        }
    }
}

TEST_CASE("a limit of nothing lets nothing pass") {
    std::vector<Allowance> allowances;
    CHECK(limits::judge_budgets(limits_of(R"({"daily_requests":0})"), {}, {}, 0, kNowMs, allowances).has_value());
    const auto rules = limits::rate_rules_of(limits_of(R"({"requests_per_minute":0})"), "s", "h");
    CHECK(limits::judge_rate(rules.at(0), {}, kNowMs).has_value());
}

TEST_CASE("requests under way count in a budget of requests and in no other") {
    std::vector<Allowance> allowances;
    const TokenLimits bounds = limits_of(R"({"daily_requests":5,"daily_tokens":5})");
    CHECK_FALSE(limits::judge_budgets(bounds, {3, 0, 0}, {}, 1, kNowMs, allowances).has_value());
    CHECK(limits::judge_budgets(bounds, {3, 0, 0}, {}, 2, kNowMs, allowances).has_value());
    CHECK_FALSE(limits::judge_budgets(bounds, {0, 4, 0}, {}, 4, kNowMs, allowances).has_value());
}

TEST_CASE("of two budgets that are spent the one that takes longer is told") {
    std::vector<Allowance> allowances;
    const auto refused = limits::judge_budgets(limits_of(R"({"daily_requests":1,"monthly_tokens":1})"), {1, 1, 0}, {1, 1, 0}, 0, kNowMs, allowances);
    REQUIRE(refused.has_value());
    CHECK(refused->error.detail.find("monthly_tokens") != std::string::npos);
    CHECK(refused->error.detail.find("month") != std::string::npos);
}

TEST_CASE("a budget of money is told in dollars") {
    std::vector<Allowance> allowances;
    const auto refused = limits::judge_budgets(limits_of(R"({"daily_cost_nano":250000000})"), {0, 0, 250'000'000}, {}, 0, kNowMs, allowances);
    REQUIRE(refused.has_value());
    CHECK(refused->error.detail.find("daily_cost_usd is 0.25") != std::string::npos);
    CHECK(allowances.empty());
}

TEST_CASE("what is outside of a token's scope is forbidden and named") {
    const TokenLimits bounds = limits_of(R"({"models":["gpt*"],"providers":["ollama"],"addresses":["10.0.0.0/8"]})");
    CHECK_FALSE(limits::judge_scope(bounds, "ollama", "gpt-oss", "10.0.0.1").has_value());
    CHECK_FALSE(limits::judge_scope(bounds, "ollama", "", "10.0.0.1").has_value());
    const auto check = [&](Refusal kind, std::string_view provider, std::string_view model, std::string_view address, const char* named) {
        const auto refused = limits::judge_scope(bounds, provider, model, address);
        REQUIRE(refused.has_value());
        CHECK(refused->kind == kind);
        CHECK(error_info(refused->error.code).http_status == 403);
        CHECK(refused->error.detail.find(named) != std::string::npos);
    };
    check(Refusal::model, "ollama", "qwen3", "10.0.0.1", "the model qwen3");
    check(Refusal::provider, "another", "gpt-oss", "10.0.0.1", "the provider another");
    check(Refusal::address, "ollama", "gpt-oss", "11.0.0.1", "from 11.0.0.1");
    check(Refusal::address, "ollama", "gpt-oss", "", "from an unknown address");
    CHECK(limits::judge_scope(limits::read_stored_limits(json::Json(5)), "ollama", "m", "")->kind == Refusal::unreadable);
}

TEST_CASE("headers tell of the limit that has least left, for requests and for tokens") {
    const Headers headers = limits::rate_headers({{limits::Quantity::requests, 60, 59, 1'000},
                                                  {limits::Quantity::requests, 100, 7, 57'600'000},
                                                  {limits::Quantity::tokens, 9'000, 100, 59'999}});
    const std::vector<Headers::Field> expected = {
        {"x-ratelimit-limit-requests", "100"},   {"x-ratelimit-remaining-requests", "7"}, {"x-ratelimit-reset-requests", "16h0m0s"},
        {"x-ratelimit-limit-tokens", "9000"}, {"x-ratelimit-remaining-tokens", "100"}, {"x-ratelimit-reset-tokens", "1m0s"}};
    CHECK(headers.fields() == expected);
    CHECK(limits::rate_headers({}).fields() == kNoHeaders.fields());
}

TEST_CASE("what is left counts the request that is being admitted, and is never below nothing") {
    const auto rules = limits::rate_rules_of(limits_of(R"({"requests_per_minute":3,"tokens_per_minute":50})"), "s", "h");
    REQUIRE(rules.size() == 2);
    limits::SlotCounts counts{};
    CHECK(limits::rate_allowance(rules[0], counts, kNowMs).remaining == 2);
    CHECK(limits::rate_allowance(rules[0], counts, kNowMs).reset_ms == 65'000);
    CHECK(limits::rate_allowance(rules[1], counts, kNowMs).remaining == 50);
    CHECK(limits::rate_allowance(rules[1], counts, kNowMs).reset_ms == 0);
    counts.back() = 70;
    CHECK(limits::rate_allowance(rules[1], counts, kNowMs).remaining == 0);
    std::vector<Allowance> allowances;
    limits::judge_budgets(limits_of(R"({"daily_requests":5,"monthly_tokens":9})"), {3, 4, 0}, {3, 4, 0}, 1, kNowMs, allowances);
    REQUIRE(allowances.size() == 2);
    CHECK(allowances[0].remaining == 0);
    CHECK(allowances[1].remaining == 5);
}

TEST_CASE("a time until reset is written as OpenAI writes it") {
    for (const auto& [ms, text] : std::vector<std::pair<double, const char*>>{
             {0, "0s"}, {1, "1s"}, {6'000, "6s"}, {59'001, "1m0s"}, {61'000, "1m1s"}, {3'600'000, "1h0m0s"}, {86'399'000, "23h59m59s"}, {-5, "0s"}}) {
        CHECK(limits::reset_text(ms) == text);
    }
}
