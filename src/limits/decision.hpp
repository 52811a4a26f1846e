// May this request be made now? The rules as plain functions: what is asked of rates and budgets, what a refusal says, what the headers
// tell. Where the counts come from - this isolate, a rate-limiting binding, Redis, the database - is none of their business.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/headers.hpp"
#include "limits/ledger.hpp"
#include "limits/sliding_window.hpp"
#include "limits/token_limits.hpp"

namespace edgepool::limits {

// Which limit refuses a request before a key is tried; counted as kCountedAs and the name, among the refusals of its provider.
enum class Refusal : std::uint8_t { address_rate, token_rate, requests_per_minute, tokens_per_minute, budget, model, provider, address, unreadable };

inline constexpr std::array<std::string_view, 9> kRefusalNames = {
    "address_rate", "token_rate", "requests_per_minute", "tokens_per_minute", "budget", "model", "provider", "address", "unreadable"};

inline constexpr std::string_view kCountedAs = "limit:";

struct Refused {
    Refusal kind;
    Error error;
};

// What is left of one limit, after the request that is being admitted.
struct Allowance {
    Quantity quantity = Quantity::requests;
    std::int64_t most = 0;
    std::int64_t remaining = 0;
    double reset_ms = 0;  // until all of it is there again
};

// Models, providers and addresses. An empty model names none: lists and the like.
std::optional<Refused> judge_scope(const TokenLimits& limits, std::string_view provider, std::string_view model, std::string_view address);

// `member`: of the request's body; it names models that may answer instead of the one that was asked for. Only a token for certain models minds.
std::optional<Refused> judge_other_models(const TokenLimits& limits, std::string_view member);

// Daily and monthly limits. `under_way` = requests that were admitted and are not counted yet; they count as requests already.
std::optional<Refused> judge_budgets(const TokenLimits& limits, const Spent& today, const Spent& this_month, std::int64_t under_way, double now_ms,
                                     std::vector<Allowance>& allowances);

// One thing whose rate is limited. Keys are the same in every isolate.
struct RateRule {
    Refusal kind = Refusal::token_rate;
    std::string key;
    std::int64_t most = 0;
    double window_ms = 0;
    std::int64_t charge = 0;  // at admission: 1 of requests, 0 of tokens, which are charged once they are known
};

// The token's own limits by the minute. `scope` tells tokens of one provider from another's.
std::vector<RateRule> rate_rules_of(const TokenLimits& limits, std::string_view scope, std::string_view token_hash);

std::string tokens_rate_key(std::string_view scope, std::string_view token_hash);

std::optional<Refused> judge_rate(const RateRule& rule, const SlotCounts& counts, double now_ms);
Refused rate_refusal(const RateRule& rule, double wait_ms);
Allowance rate_allowance(const RateRule& rule, const SlotCounts& counts, double now_ms);

// x-ratelimit-{limit,remaining,reset}-{requests,tokens} for the limit of each that has least left.
Headers rate_headers(const std::vector<Allowance>& allowances);

// As OpenAI writes it: "6s", "1m0s", "23h59m59s"; begun seconds count.
std::string reset_text(double ms);

}  // namespace edgepool::limits
