#include "app/attempts.hpp"

#include <algorithm>

#include "app/admission.hpp"
#include "app/readiness.hpp"
#include "app/relay.hpp"
#include "rewrite/upstream_request.hpp"

namespace edgepool::app {
namespace {

using keys::KeyPool;
using verdict::Transport;

KeyPool::Request request_of(const Journey& journey) {
    KeyPool::Request request;
    request.model = journey.plan.model;
    request.affinity = journey.plan.token_hash;
    request.tried = &journey.tried;
    return request;
}

bool has_time_to_fail_over(const Journey& journey) {
    return journey.exchange.left_of(journey.exchange.app.config.timeouts.failover_ms) > 1 && !journey.is_out_of_time();
}

bool may_try_again(const Journey& journey) {
    return journey.tried.size() < journey.exchange.app.config.max_attempts && journey.attempts < limits::kMaxAttemptsInAll &&
           has_time_to_fail_over(journey);
}

// A key for this request; a pool that has run dry is filled from the database first, once.
Task<std::optional<KeyPool::Ticket>> pick_key(Journey& journey) {
    App& app = journey.exchange.app;
    std::optional<KeyPool::Ticket> ticket = journey.state->pool.take(request_of(journey), app.now_ms, app.random);
    if (ticket) journey.state->dry_reloads = 0;
    if (ticket || !journey.tried.empty()) co_return ticket;
    co_await reload_when_dry(journey.exchange, *journey.state);
    ticket = journey.state->pool.take(request_of(journey), app.now_ms, app.random);
    co_return ticket;
}

host::Fetch fetch_of(const Journey& journey, const KeyPool::Ticket& ticket) {
    const auto& timeouts = journey.exchange.app.config.timeouts;
    host::Fetch fetch;
    fetch.method = journey.plan.method;
    fetch.url = journey.plan.url;
    fetch.headers = rewrite::upstream_headers(*journey.state->provider, *journey.state->config, journey.exchange.request.headers, ticket.secret);
    fetch.body_kind = journey.plan.body_kind;
    fetch.splices = journey.splices();
    fetch.timeout_ms = std::min(timeouts.first_byte_ms, journey.exchange.left_of(timeouts.request_ms));
    fetch.wanted = rewrite::consulted_response_headers();
    return fetch;
}

Transport transport_of_fetch(const Journey& journey, host::Status status) {
    switch (status) {
        case host::Status::timeout: return journey.is_out_of_time() ? Transport::out_of_time : Transport::timeout;
        case host::Status::client_gone: return Transport::client_gone;
        default: return Transport::unreachable;
    }
}

// A status that no answer to a client can have is passed on as what it is: a bad gateway's.
int answerable_status(std::uint32_t status) { return status < 200 || status > 599 ? 502 : static_cast<int>(status); }

Task<Step> attempt(Journey& journey, const KeyPool::Ticket& ticket) {
    journey.begin_attempt(ticket);
    host::Outcome fetched = co_await journey.exchange.session.perform(fetch_of(journey, ticket));
    if (fetched.status == host::Status::client_gone && fetched.number == 1) {
        journey.withdraw_attempt(ticket);
        journey.end_request(stats::RequestEnd::failure, {});  // for the attempts before, if there were any
        co_return Step::answered;
    }
    if (fetched.status != host::Status::ok) {
        verdict::Answer answer;
        answer.transport = transport_of_fetch(journey, fetched.status);
        answer.model = journey.plan.model;
        answer.secret = ticket.secret;
        journey.end_attempt(ticket, answer);
        if (answer.transport != Transport::client_gone) co_return Step::next_key;
        journey.end_request(stats::RequestEnd::failure, {});
        co_return Step::answered;
    }
    const Head head{fetched.handle, answerable_status(fetched.number), Headers::from_wire(fetched.data)};
    if (head.status < 200 || head.status > 299) {
        const Step step = co_await relay_refusal(journey, ticket, head);
        co_return step;
    }
    if (is_stream(journey, head)) {
        const Step step = co_await relay_stream(journey, ticket, head);
        co_return step;
    }
    const Step step = co_await relay_whole(journey, ticket, head);
    co_return step;
}

std::uint32_t seconds_until(const std::optional<double>& at_ms, double now_ms) {
    if (!at_ms || *at_ms <= now_ms) return 0;
    return static_cast<std::uint32_t>(std::min((*at_ms - now_ms) / 1000 + 1, limits::kLongestBenchMs / 1000));
}

// Why no key could be had for a request that has tried none.
Error shortage_error(const Journey& journey) {
    const double now_ms = journey.exchange.app.now_ms;
    const KeyPool::Shortage shortage = journey.state->pool.why_none(request_of(journey), now_ms);
    const std::string provider(journey.state->provider->id);
    Error error;
    error.retry_after_s = seconds_until(shortage.next_ms, now_ms);
    // A working set taken while every key rests is empty, but the database says when the first one returns.
    const bool rests = shortage.kind == KeyPool::Shortage::Kind::empty && error.retry_after_s > 0;
    switch (rests ? KeyPool::Shortage::Kind::all_benched : shortage.kind) {
        case KeyPool::Shortage::Kind::empty:
            error.code = ErrorCode::no_keys;
            error.detail = "the pool has no usable key for " + provider + ": import keys with POST /admin/api-keys/import";
            break;
        case KeyPool::Shortage::Kind::incident:
            error.code = ErrorCode::incident;
            error.detail = "the provider " + provider + " is failing for nearly every key; requests fail fast until it recovers";
            break;
        default:
            error.code = ErrorCode::keys_exhausted;
            error.detail = "every key for " + provider + " is resting; the first one returns after Retry-After";
            break;
    }
    return error;
}

// All attempts failed and the provider gave no answer to pass on.
Error transport_error(const Journey& journey) {
    switch (journey.last_transport) {
        case Transport::timeout: return {ErrorCode::upstream_timeout, "the provider did not answer in time", {}, 0};
        case Transport::stalled: return {ErrorCode::upstream_timeout, "the provider stopped sending in the middle of its answer", {}, 0};
        case Transport::out_of_time: return {ErrorCode::upstream_timeout, std::string(kOutOfTime), {}, 0};
        case Transport::unreachable: return {ErrorCode::upstream_unreachable, "the provider cannot be reached", {}, 0};
        default: return {ErrorCode::upstream_broken, "the provider's answer was cut short", {}, 0};
    }
}

bool serves_route(const ProviderState& state, const Match& match) {
    return !state.config->disabled && (match.dialect != Dialect::ollama || state.provider->serves_ollama_native);
}

// Turns to the next model that the operator named for this one, if there is one left that this request can be sent to.
Task<bool> turn_to_fallback(Journey& journey) {
    Exchange& exchange = journey.exchange;
    while (journey.has_fallback() && has_time_to_fail_over(journey)) {
        const config::ModelTarget& target = journey.plan.fallbacks[journey.fallbacks_taken++];
        ProviderState& state = target.provider == nullptr ? journey.home : exchange.app.state_of(*target.provider);
        if (!serves_route(state, exchange.routing.match) || !may_use(exchange, state, target.model)) continue;
        const Result<std::monostate> loaded = co_await ensure_loaded(exchange, state);
        if (!loaded) continue;
        refresh_when_stale(exchange.app, state);
        journey.turn_to(state, target.model);
        co_return true;
    }
    co_return false;
}

// One attempt with the model that is asked now, or the reason for turning to another.
Task<Step> next_attempt(Journey& journey) {
    std::optional<KeyPool::Ticket> ticket;
    if (may_try_again(journey)) ticket = co_await pick_key(journey);
    if (!ticket) {
        if (journey.attempts == 0 && !journey.shortage) journey.shortage = shortage_error(journey);
        co_return Step::next_model;
    }
    const Step step = co_await attempt(journey, *ticket);
    co_return step;
}

}  // namespace

Task<void> run_attempts(Exchange& exchange, ProviderState& state, Plan plan) {
    Journey journey(exchange, state, std::move(plan));
    for (;;) {
        const Step step = co_await next_attempt(journey);
        if (step == Step::answered) {
            co_await drop_kept(journey);
            co_return;
        }
        if (step == Step::next_key) continue;
        const bool has_turned = co_await turn_to_fallback(journey);
        if (!has_turned) break;
    }
    if (journey.kept) {
        co_await forward_kept(journey);
    } else {
        co_await answer_error(exchange, journey.attempts == 0 ? *journey.shortage : transport_error(journey));
    }
    journey.end_request(stats::RequestEnd::failure, {});
}

}  // namespace edgepool::app
