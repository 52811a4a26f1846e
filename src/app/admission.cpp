#include "app/admission.hpp"

#include "app/readiness.hpp"
#include "app/redis.hpp"
#include "app/shared_rates.hpp"
#include "http/client_address.hpp"

namespace edgepool::app {
namespace {

using limits::RateRule;
using limits::Refused;
using limits::SlotCounts;

// Which limit it was is counted beside the error's own code, and leaves with it (note_refusal).
tl::unexpected<Error> refused(ProviderState& state, Refused refusal) {
    state.counts.add_refusal(std::string(limits::kCountedAs).append(limits::kRefusalNames[static_cast<std::size_t>(refusal.kind)]));
    return tl::unexpected<Error>(std::move(refusal.error));
}

RateRule everybodys_rule(const App& app, limits::Refusal kind, std::string key) {
    const config::RateLimit& rate_limit = app.config.rate_limit;
    return {kind, std::move(key), rate_limit.requests, rate_limit.window_s * 1000.0, 1};
}

// An empty key: where the client comes from is not known.
RateRule address_rule(const Exchange& exchange) {
    const std::string network = limits::client_network(client_address(exchange.request));
    return everybodys_rule(exchange.app, limits::Refusal::address_rate, network.empty() ? std::string() : "address:" + network);
}

std::vector<RateRule> rules_for(const App& app, const ProviderState& state, const auth::Token& token) {
    std::vector<RateRule> rules;
    if (token.bounds) rules = limits::rate_rules_of(*token.bounds, state.provider->id, token.hash);
    if (app.config.rate_limit.is_on) {
        rules.push_back(everybodys_rule(app, limits::Refusal::token_rate, std::string("token:").append(state.provider->id).append(":").append(token.hash)));
    }
    return rules;
}

std::optional<Refused> judge_here(const App& app, const RateRule& rule) {
    const double shut_ms = app.rates.shut_until_ms(rule.key) - app.now_ms;
    if (shut_ms > 0) return limits::rate_refusal(rule, shut_ms);
    return limits::judge_rate(rule, app.rates.counts(rule.key, app.now_ms), app.now_ms);
}

void charge_here(App& app, const std::vector<RateRule>& rules) {
    for (const RateRule& rule : rules) app.rates.add(rule.key, rule.window_ms, app.now_ms, rule.charge);
}

bool is_tokens_own(const RateRule& rule) { return rule.kind == limits::Refusal::requests_per_minute || rule.kind == limits::Refusal::tokens_per_minute; }

// What the rate-limiting binding says of a rule of everybody's; without one nothing is refused.
Task<std::optional<Refused>> ask_binding(Exchange& exchange, RateRule rule) {
    App& app = exchange.app;
    if (!app.has_rate_binding || rule.key.empty()) co_return std::nullopt;
    const host::Outcome outcome = co_await exchange.session.perform(host::RateLimit{app.config.rate_limit.binding, rule.key});
    if (outcome.status == host::Status::failed) app.has_rate_binding = false;
    if (outcome.status != host::Status::ok || outcome.number != 0) co_return std::nullopt;
    co_return limits::rate_refusal(rule, rule.window_ms);
}

// What all isolates have counted together. A refusal shuts the rule here as well, and takes back what was charged.
Task<std::optional<Refused>> ask_redis(Exchange& exchange, std::vector<RateRule> rules, std::vector<limits::Allowance>& allowances) {
    App& app = exchange.app;
    if (app.config.rate_limit.is_on) {
        RateRule by_address = address_rule(exchange);
        if (!by_address.key.empty()) rules.push_back(std::move(by_address));
    }
    const std::optional<std::vector<SlotCounts>> shared = co_await charge_shared(app, exchange.session, rules);
    std::optional<Refused> refusal;
    if (!shared) co_return refusal;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (is_tokens_own(rules[i])) allowances.push_back(limits::rate_allowance(rules[i], (*shared)[i], app.now_ms));
        const double wait_ms = limits::wait_ms((*shared)[i], app.now_ms, rules[i].window_ms, rules[i].most);
        if (wait_ms <= 0 || refusal) continue;
        refusal = limits::rate_refusal(rules[i], wait_ms);
        app.rates.shut(rules[i].key, rules[i].window_ms, app.now_ms, app.now_ms + wait_ms);
    }
    if (!refusal) co_return refusal;
    for (const RateRule& rule : rules) {
        charge_shared_later(app, rule.key, rule.window_ms, -rule.charge);
        app.rates.add(rule.key, rule.window_ms, app.now_ms, -rule.charge);
    }
    co_return refusal;
}

// Everything that this isolate can decide by itself. What passes is charged.
std::optional<Refused> judge_locally(Exchange& exchange, ProviderState& state, const auth::Token& token, const Wanted& wanted,
                                     const std::vector<RateRule>& rules, std::vector<limits::Allowance>& allowances) {
    App& app = exchange.app;
    std::optional<Refused> refusal;
    limits::Meter* meter = nullptr;
    if (token.bounds) {
        exchange.bounds = token.bounds;
        refusal = limits::judge_scope(*token.bounds, state.provider->id, wanted.model, client_address(exchange.request));
        if (!refusal) refusal = limits::judge_other_models(*token.bounds, wanted.other_models);
        if (refusal) return refusal;
        if (token.bounds->has_budget()) meter = state.meters.find(token.hash);
    }
    if (meter != nullptr) {
        refusal = limits::judge_budgets(*token.bounds, meter->ledger.spent_today(app.now_ms), meter->ledger.spent_this_month(app.now_ms),
                                        meter->under_way, app.now_ms, allowances);
        if (wanted.model.empty()) refusal.reset();
    }
    for (const RateRule& rule : rules) {
        if (!refusal) refusal = judge_here(app, rule);
        if (is_tokens_own(rule)) allowances.push_back(limits::rate_allowance(rule, app.rates.counts(rule.key, app.now_ms), app.now_ms));
    }
    if (refusal) return refusal;
    charge_here(app, rules);
    if (meter != nullptr && !wanted.model.empty()) exchange.under_way.begin(state.meters, token.hash);
    return refusal;
}

}  // namespace

Task<Result<std::monostate>> admit_address(Exchange& exchange) {
    const RateRule rule = address_rule(exchange);
    if (rule.key.empty()) co_return std::monostate{};
    std::optional<Refused> refusal = judge_here(exchange.app, rule);
    if (!refusal) {
        charge_here(exchange.app, {rule});
        // Also with Redis, where all isolates count together, but only once the token is known: whoever guesses never comes that far.
        refusal = co_await ask_binding(exchange, rule);
    }
    if (refusal) co_return refused(exchange.app.state_of(*exchange.routing.match.provider), std::move(*refusal));
    co_return std::monostate{};
}

Task<Result<std::monostate>> admit(Exchange& exchange, ProviderState& state, const auth::Token& token, Wanted wanted) {
    App& app = exchange.app;
    const std::vector<RateRule> rules = rules_for(app, state, token);
    std::vector<limits::Allowance> allowances;
    std::optional<Refused> refusal = judge_locally(exchange, state, token, wanted, rules, allowances);
    if (!refusal && !rules.empty()) {
        const bool is_shared = redis_usable(app);
        if (is_shared) refusal = co_await ask_redis(exchange, rules, allowances);
        else if (app.config.rate_limit.is_on) refusal = co_await ask_binding(exchange, rules.back());
    }
    exchange.limit_headers = limits::rate_headers(allowances);
    if (refusal) co_return refused(state, std::move(*refusal));
    co_return std::monostate{};
}

bool may_use(const Exchange& exchange, const ProviderState& state, std::string_view model) {
    const limits::TokenLimits* bounds = exchange.bounds.get();
    return bounds == nullptr || (limits::allows_provider(*bounds, state.provider->id) && limits::allows_model(*bounds, model));
}

void charge_limits(Exchange& exchange, ProviderState& state, const std::string& token_hash, const usage::Usage& usage) {
    App& app = exchange.app;
    const std::int64_t tokens = usage.prompt + usage.completion;
    state.meters.count(token_hash, {1, tokens, usage.cost_nano}, app.now_ms);
    const std::string key = limits::tokens_rate_key(state.provider->id, token_hash);
    constexpr double kMinuteMs = 60'000;
    if (app.rates.add_if_known(key, app.now_ms, tokens)) charge_shared_later(app, key, kMinuteMs, tokens);
}

}  // namespace edgepool::app
