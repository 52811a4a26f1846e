#include "app/admission.hpp"

#include "app/readiness.hpp"

namespace edgepool::app {
namespace {

constexpr std::string_view kAddressHeader = "cf-connecting-ip";  // set by the platform, whatever the client sends

tl::unexpected<Error> refused(App& app, limits::Refused refusal) {
    ++app.refusals[static_cast<std::size_t>(refusal.kind)];
    return tl::unexpected<Error>(std::move(refusal.error));
}

}  // namespace

Task<Result<std::monostate>> admit(Exchange& exchange, ProviderState& state, const auth::Token& token, std::string model) {
    App& app = exchange.app;
    const std::shared_ptr<const limits::TokenLimits> bounds = token.bounds;
    if (bounds == nullptr) co_return std::monostate{};
    exchange.bounds = bounds;
    std::optional<limits::Refused> refusal = limits::judge_scope(*bounds, state.provider->id, model, exchange.request.headers.get(kAddressHeader));
    if (refusal) co_return refused(app, std::move(*refusal));

    std::vector<limits::Allowance> allowances;
    limits::Meter* meter = bounds->has_budget() ? state.meters.find(token.hash) : nullptr;
    if (meter != nullptr) {
        refresh_token_when_stale(exchange, state, *meter);
        refusal = limits::judge_budgets(*bounds, meter->ledger.spent_today(app.now_ms), meter->ledger.spent_this_month(app.now_ms), meter->under_way,
                                        app.now_ms, allowances);
        if (model.empty()) refusal.reset();
    }
    const std::vector<limits::RateRule> rules = limits::rate_rules_of(*bounds, state.provider->id, token.hash);
    for (const limits::RateRule& rule : rules) {
        const limits::SlotCounts counts = app.rates.counts(rule.key, app.now_ms);
        if (!refusal) refusal = limits::judge_rate(rule, counts, app.now_ms);
        allowances.push_back(limits::rate_allowance(rule, counts, app.now_ms));
    }
    exchange.limit_headers = limits::rate_headers(allowances);
    if (refusal) co_return refused(app, std::move(*refusal));

    for (const limits::RateRule& rule : rules) app.rates.add(rule.key, rule.window_ms, app.now_ms, rule.charge);
    if (meter != nullptr && !model.empty()) exchange.under_way.begin(state.meters, token.hash);
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
    app.rates.add_if_known(key, app.now_ms, tokens);
}

}  // namespace edgepool::app
