#include "limits/decision.hpp"

#include <algorithm>
#include <cmath>

#include "verdict/calendar.hpp"

namespace edgepool::limits {
namespace {

constexpr double kMinuteMs = 60'000;

std::uint32_t whole_seconds(double ms) { return static_cast<std::uint32_t>(std::max(1.0, std::ceil(ms / 1000))); }

Refused forbidden(Refusal kind, std::string detail, std::string param = {}) {
    return {kind, Error(ErrorCode::forbidden, std::move(detail), std::move(param))};
}

std::int64_t amount_of(const Spent& spent, Quantity quantity) {
    switch (quantity) {
        case Quantity::requests: return spent.requests;
        case Quantity::tokens: return spent.tokens;
        default: return spent.cost_nano;
    }
}

Refused budget_refusal(const Measure& measure, std::int64_t most, double wait_ms) {
    const std::string amount = measure.quantity == Quantity::cost_nano ? dollars_of(most) : std::to_string(most);
    std::string detail = std::string("this client token has used up its budget: ") + measure.name + " is " + amount + "; it begins anew with the next UTC ";
    detail += measure.span == Span::day ? "day" : "month";
    return {Refusal::budget, Error(ErrorCode::budget_spent, std::move(detail), {}, whole_seconds(wait_ms))};
}

const Allowance* least_of(const std::vector<Allowance>& allowances, Quantity quantity) {
    const Allowance* least = nullptr;
    for (const Allowance& allowance : allowances) {
        if (allowance.quantity == quantity && (least == nullptr || allowance.remaining < least->remaining)) least = &allowance;
    }
    return least;
}

void add_headers(Headers& headers, const Allowance* allowance, const std::string& name) {
    if (allowance == nullptr) return;
    headers.add("x-ratelimit-limit-" + name, std::to_string(allowance->most));
    headers.add("x-ratelimit-remaining-" + name, std::to_string(allowance->remaining));
    headers.add("x-ratelimit-reset-" + name, reset_text(allowance->reset_ms));
}

}  // namespace

std::optional<Refused> judge_scope(const TokenLimits& limits, std::string_view provider, std::string_view model, std::string_view address) {
    if (limits.is_unreadable) return forbidden(Refusal::unreadable, "the limits of this client token cannot be read: set them anew");
    if (!allows_provider(limits, provider)) {
        return forbidden(Refusal::provider, "this client token may not use the provider " + std::string(provider));
    }
    if (!allows_address(limits, address)) {
        return forbidden(Refusal::address, "this client token may not be used from " + (address.empty() ? std::string("an unknown address") : std::string(address)));
    }
    if (!model.empty() && !allows_model(limits, model)) {
        return forbidden(Refusal::model, "this client token may not use the model " + std::string(model), "model");
    }
    return std::nullopt;
}

std::optional<Refused> judge_other_models(const TokenLimits& limits, std::string_view member) {
    if (limits.models.empty() || member.empty()) return std::nullopt;
    const std::string name(member);
    return forbidden(Refusal::model, "this client token may use certain models only, so its requests may not name others in \"" + name + "\"", name);
}

std::optional<Refused> judge_budgets(const TokenLimits& limits, const Spent& today, const Spent& this_month, std::int64_t under_way, double now_ms,
                                     std::vector<Allowance>& allowances) {
    std::optional<Refused> refused;
    for (std::size_t i = 0; i < kMeasures.size(); ++i) {
        const Measure& measure = kMeasures[i];
        const std::int64_t most = limits.most[i];
        if (most == TokenLimits::kNone || measure.span == Span::minute) continue;
        const bool is_daily = measure.span == Span::day;
        const bool is_requests = measure.quantity == Quantity::requests;
        const std::int64_t spent = amount_of(is_daily ? today : this_month, measure.quantity) + (is_requests ? under_way : 0);
        const double wait_ms = verdict::next_start(is_daily ? verdict::Period::day : verdict::Period::month, now_ms) - now_ms;
        // Of two budgets that are spent the one that takes longer is told.
        if (spent >= most && (!refused || whole_seconds(wait_ms) > refused->error.retry_after_s)) refused = budget_refusal(measure, most, wait_ms);
        if (measure.quantity == Quantity::cost_nano) continue;
        allowances.push_back({measure.quantity, most, std::max<std::int64_t>(0, most - spent - (is_requests ? 1 : 0)), wait_ms});
    }
    return refused;
}

std::vector<RateRule> rate_rules_of(const TokenLimits& limits, std::string_view scope, std::string_view token_hash) {
    std::vector<RateRule> rules;
    for (std::size_t i = 0; i < kMeasures.size(); ++i) {
        if (limits.most[i] == TokenLimits::kNone || kMeasures[i].span != Span::minute) continue;
        const bool is_requests = kMeasures[i].quantity == Quantity::requests;
        RateRule rule;
        rule.kind = is_requests ? Refusal::requests_per_minute : Refusal::tokens_per_minute;
        rule.key = is_requests ? std::string("rpm:").append(scope).append(":").append(token_hash) : tokens_rate_key(scope, token_hash);
        rule.most = limits.most[i];
        rule.window_ms = kMinuteMs;
        rule.charge = is_requests ? 1 : 0;
        rules.push_back(std::move(rule));
    }
    return rules;
}

std::string tokens_rate_key(std::string_view scope, std::string_view token_hash) {
    return std::string("tpm:").append(scope).append(":").append(token_hash);
}

Refused rate_refusal(const RateRule& rule, double wait_ms) {
    const std::uint32_t seconds = whole_seconds(wait_ms);
    const std::string_view whose = rule.kind == Refusal::address_rate ? "this address" : "this client token";
    std::string detail = std::string(whose) + " has used its " + std::to_string(rule.most);
    detail += rule.kind == Refusal::tokens_per_minute ? " tokens in " : " requests in ";
    detail += std::to_string(whole_seconds(rule.window_ms)) + " s (" + std::string(kRefusalNames[static_cast<std::size_t>(rule.kind)]) + "); try again in " +
              std::to_string(seconds) + " s";
    return {rule.kind, Error(ErrorCode::rate_limited, std::move(detail), {}, seconds)};
}

std::optional<Refused> judge_rate(const RateRule& rule, const SlotCounts& counts, double now_ms) {
    const double wait = wait_ms(counts, now_ms, rule.window_ms, rule.most);
    if (wait <= 0) return std::nullopt;
    return rate_refusal(rule, wait);
}

Allowance rate_allowance(const RateRule& rule, const SlotCounts& counts, double now_ms) {
    SlotCounts with_this_one = counts;
    with_this_one.back() += rule.charge;
    Allowance allowance;
    allowance.quantity = rule.kind == Refusal::tokens_per_minute ? Quantity::tokens : Quantity::requests;
    allowance.most = rule.most;
    allowance.remaining = std::max<std::int64_t>(0, rule.most - sum_of(with_this_one));
    allowance.reset_ms = wait_ms(with_this_one, now_ms, rule.window_ms, 1);
    return allowance;
}

Headers rate_headers(const std::vector<Allowance>& allowances) {
    Headers headers;
    add_headers(headers, least_of(allowances, Quantity::requests), "requests");
    add_headers(headers, least_of(allowances, Quantity::tokens), "tokens");
    return headers;
}

std::string reset_text(double ms) {
    const auto seconds = static_cast<std::uint64_t>(std::max(0.0, std::ceil(ms / 1000)));
    std::string text;
    if (seconds >= 3600) text += std::to_string(seconds / 3600) + "h";
    if (seconds >= 60) text += std::to_string(seconds / 60 % 60) + "m";
    return text + std::to_string(seconds % 60) + "s";
}

}  // namespace edgepool::limits
