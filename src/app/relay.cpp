#include "app/relay.hpp"

#include <algorithm>

#include "app/response_cache.hpp"
#include "base/text.hpp"
#include "rewrite/upstream_request.hpp"
#include "stream/observer.hpp"
#include "stream/usage_filter.hpp"

namespace edgepool::app {
namespace {

using keys::KeyPool;
using verdict::Transport;

constexpr std::uint32_t kObserveMs = 250;         // how often a passing stream is looked at
constexpr std::size_t kPublicKeyIdDigits = 8;

constexpr std::uint32_t kFarewellMs = 60'000;     // a client that does not take the last words in this time is cut off

// What the end of a body under way means; `silence` = what it is when nothing came in the time for it.
Transport transport_of(const Journey& journey, host::Status status, Transport silence = Transport::stalled) {
    switch (status) {
        case host::Status::timeout: return journey.is_out_of_time() ? Transport::out_of_time : silence;
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
    if (!journey.plan.cache_digest.empty()) forward.set.add("x-cache", "MISS");
    forward.removed = rewrite::removed_response_headers(*journey.state->provider);
    return forward;
}

std::uint32_t left_ms(const Journey& journey) { return journey.exchange.left_of(journey.exchange.app.config.timeouts.request_ms); }

std::uint32_t idle_ms(const Journey& journey) { return std::min(journey.exchange.app.config.timeouts.idle_ms, left_ms(journey)); }

// Reads a body whole: as long as it goes on coming, and within the request's time.
host::ReadBody read_all(const Journey& journey, host::BodyHandle handle, std::size_t max_bytes) {
    return {handle, max_bytes, idle_ms(journey), left_ms(journey)};
}

enum class BodyRead : std::uint8_t { partly, whole };

// Keeps an answer that another key may improve on; lets go of the one kept before.
Task<void> keep(Journey& journey, const KeyPool::Ticket& ticket, const Head& head, std::string_view body, BodyRead read) {
    KeptAnswer kept;
    kept.handle = head.handle;
    kept.status = head.status;
    kept.key_id = ticket.id;
    kept.state = journey.state;
    kept.model = journey.plan.model;
    kept.is_fallback = journey.is_fallback;
    kept.is_whole = read == BodyRead::whole;
    kept.content_type = head.headers.get("content-type");
    std::string redacted = verdict::redact_for_client(*journey.state->provider, body, ticket.secret);
    if (redacted != body) kept.redacted = std::move(redacted);
    co_await drop_kept(journey);
    journey.kept = std::move(kept);
}

// After a verdict on an answer: back to the client, another key, or another model.
Task<Step> after_verdict(Journey& journey, const KeyPool::Ticket& ticket, const Head& head, std::string body, BodyRead read,
                        verdict::Verdict verdict) {
    co_await keep(journey, ticket, head, body, read);
    if (verdict.retry) co_return Step::next_key;
    if (verdict.blame == verdict::Blame::model && journey.has_fallback()) co_return Step::next_model;
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

// What a stream has used. One that did not get to its last report may have reported its beginning, as anthropic's do.
usage::Usage usage_of_stream(const Journey& journey, const stream::StreamObserver& observer) {
    const usage::Usage usage = estimate_unless_reported(journey, observer.usage(), observer.text_bytes());
    if (observer.terminated() || usage.estimated || !journey.plan.is_generation) return usage;
    return usage::with_unreported_text(usage, static_cast<std::size_t>(observer.unreported_text_bytes()));
}

// What a stream's end means. `last` is how the last look ended. After its terminator nothing can break it any more.
std::optional<Error> stream_fault(const Journey& journey, const stream::StreamObserver& observer, host::Status last) {
    if (observer.terminated()) return std::nullopt;
    switch (last) {
        case host::Status::timeout:
            if (journey.is_out_of_time()) return Error{ErrorCode::upstream_timeout, std::string(kOutOfTime), {}, 0};
            return Error{ErrorCode::upstream_timeout, "the provider stopped sending in mid-stream", {}, 0};
        case host::Status::failed: return Error{ErrorCode::upstream_broken, "the provider's stream was cut", {}, 0};
        default: return Error{ErrorCode::upstream_broken, "the provider's stream ended without its terminator", {}, 0};
    }
}

// Answers with what the upstream sends, as it comes, and looks at it now and then. How it ended.
Task<host::Status> follow(Journey& journey, host::Forward forward, stream::StreamObserver* observer) {
    forward.observe_ms = kObserveMs;
    host::Outcome look = co_await journey.exchange.session.perform(std::move(forward));
    while (look.status == host::Status::ok && look.number == 0) {
        look = co_await journey.exchange.session.perform(host::Observe{idle_ms(journey), observer != nullptr});
        if (observer != nullptr) observer->push(look.data);
        const bool goes_on = look.status == host::Status::ok && look.number == 0;
        if (goes_on && journey.is_out_of_time()) look.status = host::Status::timeout;
    }
    co_return look.status;
}

// What of a stream was read before it was committed, where its usage is to be hidden.
struct Filtering {
    std::optional<stream::UsageFilter> filter;
    std::string ready;  // may go to the client
    bool has_ended = false;
};

// The same for a stream of which some is hidden: each piece is looked at before it goes on. A client that takes nothing is as good as gone.
Task<host::Status> follow_filtered(Journey& journey, host::Forward forward, Filtering& filtering) {
    host::Session& session = journey.exchange.session;
    const host::BodyHandle handle = forward.handle;
    host::ForwardHead head{handle, forward.status, std::move(forward.set), std::move(forward.removed)};
    host::Outcome last = co_await session.perform(std::move(head));
    while (last.status == host::Status::ok) {
        if (!filtering.ready.empty()) {
            host::Write write{std::exchange(filtering.ready, {}), idle_ms(journey)};
            last = co_await session.perform(std::move(write));
            if (last.status != host::Status::ok) co_return host::Status::client_gone;
        }
        if (filtering.has_ended) break;
        last = co_await session.perform(host::ReadBody{handle, 0, idle_ms(journey)});
        filtering.ready = filtering.filter->push(last.data);
        filtering.has_ended = last.status == host::Status::ok && last.number == 1;
        if (filtering.has_ended) filtering.ready += filtering.filter->finish();
    }
    co_return last.status;
}

// Passes a committed stream on to its end and counts it.
Task<void> pass_stream(Journey& journey, const KeyPool::Ticket& ticket, const Head& head, stream::StreamObserver& observer, Filtering& filtering) {
    const double latency_ms = journey.attempt_ms();
    co_await drop_kept(journey);
    journey.commit(ticket);
    host::Forward forward = forward_of(journey, head.handle, head.status, ticket.id);
    host::Status last = host::Status::ok;
    if (filtering.filter) last = co_await follow_filtered(journey, std::move(forward), filtering);
    else last = co_await follow(journey, std::move(forward), &observer);
    const bool client_left = last == host::Status::client_gone;
    if (!client_left) observer.finish();
    const std::optional<Error> fault = client_left ? std::nullopt : stream_fault(journey, observer, last);
    const Transport end = fault ? transport_of(journey, last) : Transport::answered;
    // An error event that came in-band has told the client already.
    std::string tail;
    if (fault && !observer.error()) tail = stream_error_tail(journey.exchange.dialect(), *fault, observer.events());
    // An empty line means nothing to readers of server-sent events, but is no JSON to readers of lines.
    if (!tail.empty() && journey.exchange.dialect() == Dialect::ollama && observer.at_line_start()) tail.erase(0, 1);
    // What a client that has left had still been sent is known by finishing; one that is there may take its time, which is not the key's.
    host::Finish finish{std::move(tail), last != host::Status::ok, client_left, last == host::Status::ok ? left_ms(journey) : kFarewellMs};
    if (client_left) {
        const host::Outcome finished = co_await journey.exchange.session.perform(std::move(finish));
        observer.push(finished.data);
        observer.finish();
    }

    const usage::Usage usage = usage_of_stream(journey, observer);
    const bool failed = fault.has_value() || (observer.error().has_value() && !client_left);
    if (!failed) {
        journey.end_attempt(ticket, usage, latency_ms);
    } else if (observer.error()) {
        verdict::Answer answer = answered(journey, ticket, head, *observer.error());
        answer.in_success = true;
        journey.end_attempt(ticket, answer, usage);
    } else {
        journey.end_attempt(ticket, broken(journey, ticket, head, end), usage);
    }
    journey.end_request(failed ? stats::RequestEnd::failure : stats::RequestEnd::success, usage);
    if (!client_left) co_await journey.exchange.session.perform(std::move(finish));
}

// Sends the rest of an answer that was not read to its end. Where it breaks, so does the client's.
Task<host::Status> forward_rest(Journey& journey, host::Forward forward) {
    const host::Status last = co_await follow(journey, std::move(forward), nullptr);
    const bool is_broken = last != host::Status::ok;
    co_await journey.exchange.session.perform(host::Finish{std::string(), is_broken, is_broken, is_broken ? kFarewellMs : left_ms(journey)});
    co_return last;
}

// Passes an answer on that is too large to be read whole first. Its usage is estimated.
Task<void> pass_large(Journey& journey, const KeyPool::Ticket& ticket, const Head& head) {
    const double latency_ms = journey.attempt_ms();
    co_await drop_kept(journey);
    journey.commit(ticket);
    const host::Status last = co_await forward_rest(journey, forward_of(journey, head.handle, head.status, ticket.id));
    const usage::Usage usage = estimate_unless_reported(journey, {}, 0);
    const bool failed = last == host::Status::failed || last == host::Status::timeout;
    if (failed) journey.end_attempt(ticket, broken(journey, ticket, head, transport_of(journey, last)), usage);
    else journey.end_attempt(ticket, usage, latency_ms);
    journey.end_request(failed ? stats::RequestEnd::failure : stats::RequestEnd::success, usage);
}

// A refusal whose body broke off: its status stands, its words are ours.
Task<void> answer_cut_refusal(Journey& journey, const KeyPool::Ticket& ticket, const Head& head) {
    const Error error{ErrorCode::upstream_broken, "the provider refused the request with status " + std::to_string(head.status) +
                                                      ", but what it said about it did not arrive whole"};
    host::Respond answer;
    answer.status = head.status;
    answer.headers = forward_of(journey, head.handle, head.status, ticket.id).set;
    answer.headers.add("content-type", "application/json; charset=utf-8");
    answer.body = error_body(journey.exchange.dialect(), error);
    co_await journey.exchange.session.perform(std::move(answer));
    journey.end_request(stats::RequestEnd::failure, {});
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
        if (kept.is_whole) co_await journey.exchange.session.perform(std::move(forward));
        else co_await forward_rest(journey, std::move(forward));
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
    host::Outcome read = co_await journey.exchange.session.perform(read_all(journey, head.handle, limits::kMaxErrorBodyBytes));
    if (read.status == host::Status::client_gone) {
        const Step step = co_await after_break(journey, ticket, head, Transport::client_gone);
        co_return step;
    }
    const verdict::Verdict verdict = journey.end_attempt(ticket, answered(journey, ticket, head, read.data));
    if (read.status != host::Status::ok && read.status != host::Status::too_large) {
        co_await journey.exchange.session.perform(host::CancelBody{head.handle});
        if (verdict.retry) co_return Step::next_key;
        if (verdict.blame == verdict::Blame::model && journey.has_fallback()) co_return Step::next_model;
        co_await answer_cut_refusal(journey, ticket, head);
        co_return Step::answered;
    }
    const BodyRead how_far = read.status == host::Status::ok ? BodyRead::whole : BodyRead::partly;
    const Step step = co_await after_verdict(journey, ticket, head, std::move(read.data), how_far, verdict);
    co_return step;
}

Task<Step> relay_whole(Journey& journey, const KeyPool::Ticket& ticket, const Head& head) {
    host::Outcome read = co_await journey.exchange.session.perform(read_all(journey, head.handle, limits::kMaxHeldAnswerBytes));
    const double latency_ms = journey.attempt_ms();
    if (read.status == host::Status::too_large) {
        co_await pass_large(journey, ticket, head);
        co_return Step::answered;
    }
    if (read.status != host::Status::ok) {
        const Step step = co_await after_break(journey, ticket, head, transport_of(journey, read.status));
        co_return step;
    }
    const usage::WholeAnswer whole = usage::read_whole_answer(journey.exchange.dialect(), read.data);
    if (whole.error) {
        verdict::Answer answer = answered(journey, ticket, head, *whole.error);
        answer.in_success = true;
        const verdict::Verdict verdict = journey.end_attempt(ticket, answer);
        const Step step = co_await after_verdict(journey, ticket, head, std::move(read.data), BodyRead::whole, verdict);
        co_return step;
    }
    const usage::Usage usage = estimate_unless_reported(journey, whole.usage, whole.text_bytes);
    // What a fallback said is kept for nobody: the next one shall have the model that it asks for.
    if (!journey.is_fallback && head.status == 200 && whole.is_object) {
        keep_answer(journey.exchange, *journey.state, journey.plan, head.headers.get("content-type"), read.data);
    }
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
    Filtering filtering;
    if (!is_ndjson && journey.hides_usage()) filtering.filter.emplace(observer);
    const auto& timeouts = journey.exchange.app.config.timeouts;
    while (!observer.saw_event() && observer.bytes() < limits::kMaxHeldStreamBytes) {
        // Headers and comments are no event: one time for all of them.
        const double left_for_event_ms = std::max(1.0, timeouts.first_byte_ms - journey.attempt_ms());
        const std::uint32_t wait_ms = std::min(static_cast<std::uint32_t>(left_for_event_ms), left_ms(journey));
        const host::Outcome piece = co_await journey.exchange.session.perform(host::ReadBody{head.handle, 0, wait_ms});
        if (filtering.filter) filtering.ready += filtering.filter->push(piece.data);
        else observer.push(piece.data);
        const bool has_ended = piece.status == host::Status::ok && piece.number == 1;
        if (has_ended && filtering.filter) filtering.ready += filtering.filter->finish();
        if (has_ended) observer.finish();
        filtering.has_ended = has_ended;
        if (observer.saw_event()) break;
        if (has_ended || piece.status != host::Status::ok) {
            const Step step = co_await after_break(journey, ticket, head, transport_of(journey, piece.status, Transport::timeout));
            co_return step;
        }
    }
    if (observer.error() && observer.error_is_first()) {
        verdict::Answer answer = answered(journey, ticket, head, *observer.error());
        answer.in_success = true;
        const verdict::Verdict verdict = journey.end_attempt(ticket, answer);
        std::string event = stream_error_event(journey.exchange.dialect(), *observer.error());
        const Step step = co_await after_verdict(journey, ticket, head, std::move(event), filtering.has_ended ? BodyRead::whole : BodyRead::partly, verdict);
        co_return step;
    }
    co_await pass_stream(journey, ticket, head, observer, filtering);
    co_return Step::answered;
}

}  // namespace edgepool::app
