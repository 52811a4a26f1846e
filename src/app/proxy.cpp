#include "app/proxy.hpp"

#include <algorithm>

#include "app/admission.hpp"
#include "app/attempts.hpp"
#include "app/bench_news.hpp"
#include "app/readiness.hpp"
#include "app/response_cache.hpp"
#include "json/request_facts.hpp"
#include "rewrite/upstream_request.hpp"

namespace edgepool::app {
namespace {

// The provider that the path names, when it can be used at all.
Result<ProviderState*> usable_provider(Exchange& exchange) {
    const config::Config& config = exchange.app.config;
    if (!config.usable()) return fail(ErrorCode::not_configured, config::configuration_gap(config));
    ProviderState& state = exchange.app.state_of(*exchange.routing.match.provider);
    if (state.config->disabled) {
        return fail(ErrorCode::provider_disabled, "the provider " + std::string(state.provider->id) + " is switched off");
    }
    return &state;
}

bool minds_other_models(const auth::Token& token) { return token.bounds && !token.bounds->models.empty(); }

// The members that make any provider choose another model: a fallback may be another provider's.
std::vector<std::string_view> model_choosing_members() {
    std::vector<std::string_view> names;
    for (const Provider& provider : providers()) names.insert(names.end(), provider.model_choosing_members.begin(), provider.model_choosing_members.end());
    return names;
}

bool heeds(const Provider& provider, std::string_view member) {
    const auto& names = provider.model_choosing_members;
    return std::find(names.begin(), names.end(), member) != names.end();
}

// The first watched member of the body that a provider which may get it would heed; else nothing.
std::string_view heeded_member(const Plan& plan, const Provider& home) {
    for (const std::string_view member : plan.facts.watched) {
        const auto sends_there = [&](const config::ModelTarget& target) { return target.provider != nullptr && heeds(*target.provider, member); };
        if (heeds(home, member) || std::any_of(plan.fallbacks.begin(), plan.fallbacks.end(), sends_there)) return member;
    }
    return {};
}

// What of the body the pool needs; the body itself is not kept.
Task<Result<Plan>> plan_generation(Exchange& exchange, const ProviderState& state, const auth::Token& token) {
    const Result<std::string> body = co_await read_body(exchange);
    if (!body) co_return tl::unexpected<Error>(body.error());
    const std::vector<std::string_view> watched = minds_other_models(token) ? model_choosing_members() : std::vector<std::string_view>();
    Result<json::RequestFacts> facts = json::read_request_facts(*body, watched);
    if (!facts) co_return tl::unexpected<Error>(facts.error());
    if (facts->model.empty()) co_return fail(ErrorCode::missing_model, "the request body names no model", "model");

    const Match& match = exchange.routing.match;
    Plan plan;
    plan.method = exchange.request.method;
    plan.url = rewrite::upstream_url(*state.provider, *state.config, match.path, exchange.request.query);
    const config::Config& config = exchange.app.config;
    const std::vector<config::ModelTarget>& alias = config.model_aliases.find(*state.provider, facts->model);
    plan.model = alias.empty() ? facts->model : alias.front().model;
    plan.fallbacks = config.model_fallbacks.find(*state.provider, plan.model);
    plan.body_kind = host::BodyKind::client;
    plan.streams = facts->stream.value_or(match.streams_by_default);
    plan.is_generation = match.handler == Handler::generate && match.path != "/api/show";
    plan.request_bytes = body->size();
    // Only chats and completions of this dialect leave their usage to the client's asking.
    if (config.exact_stream_usage && plan.streams && match.dialect == Dialect::openai) plan.usage_splices = json::ask_for_usage(*facts, *body);
    plan.facts = std::move(*facts);
    plan_caching(exchange, state, plan, *body);
    co_return plan;
}

constexpr std::size_t kShownHashDigits = 8;  // of a token's hash in the log
constexpr double kModelsFreshMs = 300'000;
constexpr double kModelsPauseMs = 5'000;  // callers without a token cannot make the pool ask more often than this

bool is_younger(double at_ms, double span_ms, double now_ms) { return at_ms != 0 && now_ms >= at_ms && now_ms - at_ms < span_ms; }

// A valid token, or none at all. Either way the working set is there afterwards.
Task<Result<std::monostate>> admit_with_optional_token(Exchange& exchange, ProviderState& state) {
    if (bearer_credential(exchange.request.headers).empty()) {
        Result<std::monostate> loaded = co_await ensure_loaded(exchange, state);
        co_return loaded;
    }
    const Result<auth::Token> token = co_await authenticate(exchange, state);
    if (!token) co_return tl::unexpected<Error>(token.error());
    Result<std::monostate> admitted = co_await admit(exchange, state, *token, {});
    co_return admitted;
}

Plan plan_without_body(const Exchange& exchange, const ProviderState& state) {
    Plan plan;
    plan.method = "GET";
    plan.url = rewrite::upstream_url(*state.provider, *state.config, exchange.routing.match.path, exchange.request.query);
    return plan;
}

Task<Result<Plan>> plan_for_token_holder(Exchange& exchange, ProviderState& state) {
    const Result<auth::Token> token = co_await authenticate(exchange, state);
    if (!token) co_return tl::unexpected<Error>(token.error());
    exchange.record.token = token->hash.substr(0, kShownHashDigits);
    const bool has_body = exchange.routing.match.handler != Handler::passthrough;
    Result<Plan> plan = has_body ? Result<Plan>() : plan_without_body(exchange, state);
    if (has_body) plan = co_await plan_generation(exchange, state, *token);
    if (!plan) co_return plan;
    plan->token_hash = token->hash;
    // A token may be given a model by the operator's name for it or by the provider's.
    const bool is_allowed_as_named = token->bounds && limits::allows_model(*token->bounds, plan->facts.model);
    Wanted wanted{is_allowed_as_named ? plan->facts.model : plan->model, heeded_member(*plan, *state.provider)};
    const Result<std::monostate> admitted = co_await admit(exchange, state, *token, std::move(wanted));
    if (!admitted) co_return tl::unexpected<Error>(admitted.error());
    co_return plan;
}

// The list of models from memory when it is there; else a plan that asks for it.
Task<Result<Plan>> plan_models(Exchange& exchange, ProviderState& state) {
    const Result<std::monostate> admitted = co_await admit_with_optional_token(exchange, state);
    if (!admitted) co_return tl::unexpected<Error>(admitted.error());
    const double now_ms = exchange.app.now_ms;
    CachedAnswer& cached = state.models;
    const bool is_listed_as_is = exchange.request.query.empty();
    Plan plan = plan_without_body(exchange, state);
    if (is_listed_as_is && is_younger(cached.at_ms, kModelsFreshMs, now_ms)) {
        plan.remembered = &cached;
        co_return plan;
    }
    const bool is_anonymous = bearer_credential(exchange.request.headers).empty();
    if (is_anonymous && is_younger(cached.tried_ms, kModelsPauseMs, now_ms)) {
        co_return tl::unexpected<Error>(
            Error(ErrorCode::rate_limited, "the list of models is not at hand; try again, or send a client token", {}, 5));
    }
    cached.tried_ms = now_ms;
    if (is_listed_as_is) plan.remember = &cached;
    co_return plan;
}

}  // namespace

Task<void> serve_proxy(Exchange& exchange) {
    const Result<ProviderState*> state = usable_provider(exchange);
    Result<std::monostate> let_in;
    if (exchange.app.config.rate_limit.is_on) let_in = co_await admit_address(exchange);
    const bool may_go_on = state && let_in;
    Result<Plan> plan = may_go_on ? Result<Plan>() : tl::unexpected<Error>(state ? let_in.error() : state.error());
    if (may_go_on && exchange.routing.match.handler == Handler::models) plan = co_await plan_models(exchange, **state);
    else if (may_go_on) plan = co_await plan_for_token_holder(exchange, **state);
    if (!plan) {
        if (plan.error().code != ErrorCode::client_gone) co_await answer_error(exchange, plan.error());
        co_return;
    }
    if (plan->remembered != nullptr) {
        co_await answer_json(exchange, 200, plan->remembered->body);
        co_return;
    }
    refresh_when_stale(exchange.app, **state);
    hear_benches(exchange.app, **state);
    const bool is_answered = co_await answer_from_cache(exchange, **state, *plan);
    if (!is_answered) co_await run_attempts(exchange, **state, std::move(*plan));
}

}  // namespace edgepool::app
