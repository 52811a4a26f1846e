#include "app/relay.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "rewrite/upstream_request.hpp"
#include "stream/observer.hpp"

namespace edgepool::app {
namespace {

using keys::KeyPool;
using verdict::Transport;

constexpr std::uint32_t kObserveMs = 250;         // how often a passing stream is looked at
constexpr std::size_t kPublicKeyIdDigits = 8;

Transport transport_of(host::Status status) {
    switch (status) {
        case host::Status::timeout: return Transport::timeout;
        case host::Status::client_gone: return Transport::client_gone;
        default: return Transport::cut;
    }
}

verdict::Answer answered(const Journey& journey, const KeyPool::Ticket& ticket, const Head& head, std::string_view body) {
    verdict::Answer answer;
    answer.transport = Transport::answered;
    answer.status = head.status;
    answer.headers = &head.headers;
    answer.body = body.substr(0, limits::kMaxErrorBodyBytes);
    answer.model = journey.plan.model;
    answer.secret = ticket.secret;
    return answer;
}

verdict::Answer broken(const Journey& journey, const KeyPool::Ticket& ticket, const Head& head, Transport transport) {
    verdict::Answer answer = answered(journey, ticket, head, {});
    answer.transport = transport;
    return answer;
}

host::Forward forward_of(const Journey& journey, host::BodyHandle handle, int status, std::string_view key_id) {
    host::Forward forward;
    forward.handle = handle;
    forward.status = journey.exchange.record.status = status;
    journey.exchange.record.key_id = key_id;
    forward.set = common_headers(journey.exchange);
    forward.set.add("x-pool-attempts", std::to_string(journey.attempts));
    forward.set.add("x-pool-key", key_id.substr(0, kPublicKeyIdDigits));
    if (journey.is_fallback) {
        forward.set.add("x-pool-provider", journey.state->provider->id);
        forward.set.add("x-pool-model", journey.plan.model);
    }
    forward.removed = rewrite::removed_response_headers(*journey.state->provider);
    return forward;
}

host::Forward observed_forward(const Journey& journey, const KeyPool::Ticket& ticket, const Head& head) {
    host::Forward forward = forward_of(journey, head.handle, head.status, ticket.id);
    forward.observe_ms = kObserveMs;
    forward.idle_timeout_ms = journey.exchange.app.config.timeouts.idle_ms;
    return forward;
}

std::uint32_t idle_ms(const Journey& journey) {
    const auto& timeouts = journey.exchange.app.config.timeouts;
    return std::min(timeouts.idle_ms, journey.exchange.left_of(timeouts.request_ms));
}

// Keeps an answer that another key may improve on; lets go of the one kept before.
Task<void> keep(Journey& journey, const KeyPool::Ticket& ticket, const Head& head, std::string_view body) {
    KeptAnswer kept;
    kept.handle = head.handle;
    kept.status = head.status;
    kept.key_id = ticket.id;
    kept.state = journey.state;
    kept.model = journey.plan.model;
    kept.is_fallback = journey.is_fallback;
    kept.content_type = head.headers.get("content-type");
    std::string redacted = verdict::redact_for_client(*journey.state->provider, body, ticket.secret);
    if (redacted != body) kept.redacted = std::move(redacted);
    co_await drop_kept(journey);
    journey.kept = std::move(kept);
}

// After a verdict on an answer: back to the client, another key, or another model.
Task<Step> after_verdict(Journey& journey, const KeyPool::Ticket& ticket, const Head& head, std::string body, verdict::Verdict verdict) {
    co_await keep(journey, ticket, head, body);
    if (verdict.retry) co_return Step::next_key;
    if (verdict.blame == verdict::Blame::model && journey.fallbacks_taken < journey.plan.fallbacks.size()) co_return Step::next_model;
    co_await forward_kept(journey);
    journey.end_request(stats::RequestEnd::failure, {});
    co_return Step::answered;
}

// The connection failed before anything was committed.
Task<Step> after_break(Journey& journey, const KeyPool::Ticket& ticket, const Head& head, Transport transport) {
    co_await journey.exchange.session.perform(host::CancelBody{head.handle});
    journey.end_attempt(ticket, broken(journey, ticket, head, transport));
    if (transport != Transport::client_gone) co_return Step::next_key;
    journey.end_request(stats::RequestEnd::failure, {});
    co_return Step::answered;
}

usage::Usage estimate_unless_reported(const Journey& journey, const usage::Usage& reported, std::uint64_t text_bytes) {
    if (reported.reported || !journey.plan.is_generation) return reported;
    return usage::estimate(journey.plan.request_bytes, static_cast<std::size_t>(text_bytes));
}

// What a stream's end means. `last` is how the last look ended. After its terminator nothing can break it any more.
std::optional<Error> stream_fault(const stream::StreamObserver& observer, host::Status last) {
    if (observer.terminated()) return std::nullopt;
    if (last == host::Status::timeout) return Error{ErrorCode::upstream_timeout, "the provider stopped sending in mid-stream", {}, 0};
    if (last == host::Status::failed) return Error{ErrorCode::upstream_broken, "the provider's stream was cut", {}, 0};
    return Error{ErrorCode::upstream_broken, "the provider's stream ended without its terminator", {}, 0};
}

// Passes a committed stream on to its end and counts it.
Task<void> pass_stream(Journey& journey, const KeyPool::Ticket& ticket, const Head& head, stream::StreamObserver& observer, double latency_ms) {
    host::Session& session = journey.exchange.session;
    co_await drop_kept(journey);
    journey.commit(ticket);
    host::Outcome look = co_await session.perform(observed_forward(journey, ticket, head));
    while (look.status == host::Status::ok && look.number == 0) {
        look = co_await session.perform(host::Observe{});
        observer.push(look.data);
        if (look.status == host::Status::ok && journey.exchange.left_of(journey.exchange.app.config.timeouts.request_ms) <= 1) {
            look.status = host::Status::timeout;
        }
    }
    observer.finish();

    const usage::Usage usage = estimate_unless_reported(journey, observer.usage(), observer.text_bytes());
    const bool client_left = look.status == host::Status::client_gone;
    const std::optional<Error> fault = client_left ? std::nullopt : stream_fault(observer, look.status);
    // An error event that came in-band has told the client already.
    std::string tail = fault && !observer.error() ? stream_error_tail(journey.exchange.dialect(), *fault) : std::string();
    // An empty line means nothing to readers of server-sent events, but is no JSON to readers of lines.
    if (!tail.empty() && journey.exchange.dialect() == Dialect::ollama && observer.at_line_start()) tail.erase(0, 1);
    co_await session.perform(host::Finish{std::move(tail), look.status != host::Status::ok});

    const bool failed = fault.has_value() || (observer.error().has_value() && !client_left);
    if (!failed) {
        journey.end_attempt(ticket, usage, latency_ms);
    } else if (observer.error()) {
        verdict::Answer answer = answered(journey, ticket, head, *observer.error());
        answer.in_success = true;
        journey.end_attempt(ticket, answer, usage);
    } else {
        journey.end_attempt(ticket, broken(journey, ticket, head, transport_of(look.status)), usage);
    }
    journey.end_request(failed ? stats::RequestEnd::failure : stats::RequestEnd::success, usage);
}

// Passes an answer on that is too large to be read whole first. Its usage is estimated.
Task<void> pass_large(Journey& journey, const KeyPool::Ticket& ticket, const Head& head, double latency_ms) {
    host::Session& session = journey.exchange.session;
    co_await drop_kept(journey);
    journey.commit(ticket);
    host::Outcome look = co_await session.perform(observed_forward(journey, ticket, head));
    while (look.status == host::Status::ok && look.number == 0) look = co_await session.perform(host::Observe{});
    co_await session.perform(host::Finish{std::string(), look.status != host::Status::ok});
    const usage::Usage usage = estimate_unless_reported(journey, {}, 0);
    const bool failed = look.status == host::Status::failed || look.status == host::Status::timeout;
    if (failed) journey.end_attempt(ticket, broken(journey, ticket, head, transport_of(look.status)), usage);
    else journey.end_attempt(ticket, usage, latency_ms);
    journey.end_request(failed ? stats::RequestEnd::failure : stats::RequestEnd::success, usage);
}

}  // namespace

bool is_stream(const Journey& journey, const Head& head) {
    const std::string_view type = head.headers.get("content-type");
    if (contains_ignoring_case(type, "text/event-stream") || contains_ignoring_case(type, "ndjson")) return true;
    return journey.plan.streams && !contains_ignoring_case(type, "json") && !contains_ignoring_case(type, "html");
}

Task<void> drop_kept(Journey& journey) {
    if (!journey.kept) co_return;
    const host::BodyHandle handle = journey.kept->handle;
    journey.kept.reset();
    co_await journey.exchange.session.perform(host::CancelBody{handle});
}

Task<void> forward_kept(Journey& journey) {
    const KeptAnswer kept = std::move(*journey.kept);
    journey.kept.reset();
    journey.state = kept.state;
    journey.plan.model = kept.model;
    journey.is_fallback = kept.is_fallback;
    host::Forward forward = forward_of(journey, kept.handle, kept.status, kept.key_id);
    if (!kept.redacted) {
        co_await journey.exchange.session.perform(std::move(forward));
        co_return;
    }
    co_await journey.exchange.session.perform(host::CancelBody{kept.handle});
    host::Respond answer;
    answer.status = kept.status;
    answer.headers = std::move(forward.set);
    answer.headers.add("content-type", kept.content_type);
    answer.body = *kept.redacted;
    co_await journey.exchange.session.perform(std::move(answer));
}

Task<Step> relay_refusal(Journey& journey, const KeyPool::Ticket& ticket, const Head& head) {
    host::Outcome read = co_await journey.exchange.session.perform(host::ReadBody{head.handle, limits::kMaxErrorBodyBytes, idle_ms(journey)});
    if (read.status == host::Status::client_gone) {
        const Step step = co_await after_break(journey, ticket, head, Transport::client_gone);
        co_return step;
    }
    const verdict::Verdict verdict = journey.end_attempt(ticket, answered(journey, ticket, head, read.data));
    const bool is_whole = read.status == host::Status::ok || read.status == host::Status::too_large;
    if (!is_whole && verdict.retry) {
        co_await journey.exchange.session.perform(host::CancelBody{head.handle});
        co_return Step::next_key;
    }
    const Step step = co_await after_verdict(journey, ticket, head, std::move(read.data), verdict);
    co_return step;
}

Task<Step> relay_whole(Journey& journey, const KeyPool::Ticket& ticket, const Head& head) {
    host::Outcome read = co_await journey.exchange.session.perform(host::ReadBody{head.handle, limits::kMaxHeldAnswerBytes, idle_ms(journey)});
    const double latency_ms = journey.attempt_ms();
    if (read.status == host::Status::too_large) {
        co_await pass_large(journey, ticket, head, latency_ms);
        co_return Step::answered;
    }
    if (read.status != host::Status::ok) {
        const Step step = co_await after_break(journey, ticket, head, transport_of(read.status));
        co_return step;
    }
    if (const auto error = usage::error_in_answer(journey.exchange.dialect(), read.data)) {
        verdict::Answer answer = answered(journey, ticket, head, *error);
        answer.in_success = true;
        const verdict::Verdict verdict = journey.end_attempt(ticket, answer);
        const Step step = co_await after_verdict(journey, ticket, head, std::move(read.data), verdict);
        co_return step;
    }
    const usage::Usage reported = usage::usage_from_answer(journey.exchange.dialect(), read.data);
    const usage::Usage usage = estimate_unless_reported(journey, reported, reported.reported ? 0 : usage::text_bytes_of_answer(read.data));
    if (journey.plan.remember != nullptr && json::scan_value(read.data)) {
        journey.plan.remember->body = std::move(read.data);
        journey.plan.remember->at_ms = journey.exchange.app.now_ms;
    }
    co_await journey.exchange.session.perform(forward_of(journey, head.handle, head.status, ticket.id));
    journey.end_attempt(ticket, usage, latency_ms);
    journey.end_request(stats::RequestEnd::success, usage);
    co_return Step::answered;
}

Task<Step> relay_stream(Journey& journey, const KeyPool::Ticket& ticket, const Head& head) {
    const bool is_ndjson = contains_ignoring_case(head.headers.get("content-type"), "ndjson") || journey.exchange.dialect() == Dialect::ollama;
    stream::StreamObserver observer(journey.exchange.dialect(), !is_ndjson);
    const auto& timeouts = journey.exchange.app.config.timeouts;
    while (!observer.saw_event() && observer.bytes() < limits::kMaxHeldStreamBytes) {
        const std::uint32_t wait_ms = std::min(timeouts.first_byte_ms, journey.exchange.left_of(timeouts.request_ms));
        const host::Outcome piece = co_await journey.exchange.session.perform(host::ReadBody{head.handle, 0, wait_ms});
        observer.push(piece.data);
        const bool has_ended = piece.status == host::Status::ok && piece.number == 1;
        if (has_ended) observer.finish();
        if (observer.saw_event()) break;
        if (has_ended || piece.status != host::Status::ok) {
            const Step step = co_await after_break(journey, ticket, head, transport_of(piece.status));
            co_return step;
        }
    }
    if (observer.error() && observer.error_is_first()) {
        verdict::Answer answer = answered(journey, ticket, head, *observer.error());
        answer.in_success = true;
        const verdict::Verdict verdict = journey.end_attempt(ticket, answer);
        std::string event = stream_error_event(journey.exchange.dialect(), *observer.error());
        const Step step = co_await after_verdict(journey, ticket, head, std::move(event), verdict);
        co_return step;
    }
    const double latency_ms = journey.attempt_ms();
    co_await pass_stream(journey, ticket, head, observer, latency_ms);
    co_return Step::answered;
}

}  // namespace edgepool::app
