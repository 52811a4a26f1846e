#include "app/flush.hpp"

#include <algorithm>
#include <cmath>

#include "app/exchange.hpp"
#include "base/lease.hpp"
#include "base/text.hpp"
#include "json/writer.hpp"
#include "store/calls.hpp"
#include "store/pacing.hpp"

namespace edgepool::app {
namespace {

constexpr double kSendLeaseMs = 2.0 * limits::kDatabaseTimeoutMs + 2'000;  // a call, reading its answer, and some
constexpr double kLeaderGraceMs = 3'000;                                  // past its window a leader is taken for dead

// A refusal of the batch itself, which no retry would change.
bool is_final_refusal(const Error& error) { return error.code == ErrorCode::storage_refused; }

void log_flush_failure(App& app, const ProviderState& state, const Outgoing& batch, const Error& error) {
    json::Writer line;
    line.begin_object().add_string("event", is_final_refusal(error) ? "batch_refused" : "flush_failed");
    line.add_string("provider", state.provider->id).add_string("batch", batch.batch_id);
    line.add_string("error", error_info(error.code).name).add_string("detail", error.detail).end_object();
    app.log(true, line.take());
}

limits::Spent charge_of(const stats::Tally& tally) { return {tally.requests, tally.prompt + tally.completion, tally.cost_nano}; }

void cut_batch(App& app, ProviderState& state) {
    const stats::Batch batch = state.counts.cut(app.next_batch_id(), limits::kMaxUsageRows, app.now_ms);
    Outgoing outgoing{batch.id, store::record_arguments(state.provider->id, batch, state.flush.window_ms), {}};
    for (const stats::TokenTally& tally : batch.tokens) {
        if (state.meters.find(tally.hash) != nullptr) outgoing.charges.emplace_back(tally.hash, charge_of(tally));
    }
    state.flush.outbox.push_back(std::move(outgoing));
}

bool is_under_way(const FlushState& flush, double now_ms) {
    return flush.sent_at_ms != 0 && now_ms >= flush.sent_at_ms && now_ms - flush.sent_at_ms < kSendLeaseMs;
}

// A flow with a window or a pause to wait has promised to send what is counted until then.
bool is_led(const FlushState& flush, double now_ms) {
    return is_leased(flush.leader_until_ms, now_ms, limits::kLongestFlushWindowMs + kLeaderGraceMs);
}

// The window; after failures longer, each time.
std::uint32_t delay_ms_of(App& app, const FlushState& flush) {
    const double pause_ms = flush.failures > 0 ? store::failure_pause_ms(flush.window_ms, flush.failures) : 0;
    const double delay_ms = std::min<double>(std::max<double>(flush.window_ms, pause_ms), limits::kLongestFlushWindowMs);
    return static_cast<std::uint32_t>(store::jittered_ms(delay_ms, app.random));
}

// Sends the first batch of the outbox. True when it is dealt with.
Task<bool> send_first(App& app, host::Session& session, ProviderState& state, double deadline_ms) {
    FlushState& flush = state.flush;
    flush.sent_at_ms = app.now_ms;
    const Outgoing batch = flush.outbox.front();
    const Result<json::Json> answer = co_await call_database(app, session, "pool_record", batch.arguments, deadline_ms);
    const bool still_first = !flush.outbox.empty() && flush.outbox.front().batch_id == batch.batch_id;
    if (!still_first) co_return true;
    flush.sent_at_ms = 0;

    const Result<store::RecordAnswer> record = answer ? store::decode_record(*answer) : tl::unexpected<Error>(answer.error());
    if (record) {
        for (const auto& [hash, spent] : batch.charges) state.meters.acknowledge(hash, spent, app.now_ms);
        for (const auto& [hash, used] : record->used) state.meters.take(hash, used, app.now_ms);
        flush.outbox.pop_front();
        flush.failures = 0;
        flush.window_ms = store::next_window_ms(flush.window_ms, record->hint_ms);
        co_return true;
    }
    ++flush.failures;
    log_flush_failure(app, state, batch, record.error());
    const bool is_refused = is_final_refusal(record.error());
    if (is_refused) flush.outbox.pop_front();
    co_return is_refused;
}

// Sends what waits for an acknowledgement and what had been counted when it began. What is counted meanwhile waits for the next window:
// otherwise a busy isolate would send batch after batch. True when all of that is dealt with.
Task<bool> flush_once(App& app, host::Session& session, ProviderState& state, double deadline_ms) {
    FlushState& flush = state.flush;
    std::size_t cuts_left = (state.counts.rows() + limits::kMaxUsageRows - 1) / limits::kMaxUsageRows;
    for (;;) {
        if (flush.outbox.empty()) {
            if (cuts_left == 0 || state.counts.empty()) co_return true;
            --cuts_left;
            cut_batch(app, state);
        }
        if (is_under_way(flush, app.now_ms) || deadline_ms - app.now_ms < limits::kShortestFlushCallMs) co_return false;
        const bool is_dealt_with = co_await send_first(app, session, state, deadline_ms);
        if (!is_dealt_with) co_return false;
    }
}

// Sends, and tries again while there is time and no other flow has promised to. Rule: whoever counts while nobody leads begins a flow of
// their own, so leading ends when counts are cut, and what comes after is in good hands.
// `left_ms` is what was slept taken from the whole: a clock that is set meanwhile makes no flow longer, and none give up at once.
Task<void> flush_with_patience(App& app, host::Session& session, ProviderState& state, double left_ms) {
    FlushState& flush = state.flush;
    for (;;) {
        const double began_ms = app.now_ms;
        const bool all_sent = co_await flush_once(app, session, state, began_ms + left_ms);
        if (all_sent || is_led(flush, app.now_ms)) co_return;
        const double pause_ms = store::jittered_ms(store::failure_pause_ms(flush.window_ms, flush.failures) / 2, app.random);
        left_ms -= std::clamp<double>(app.now_ms - began_ms, 0, left_ms) + pause_ms;
        if (left_ms < limits::kShortestFlushCallMs) co_return;  // the next request's flow goes on
        flush.leader_until_ms = app.now_ms + pause_ms + kLeaderGraceMs;
        co_await session.perform(host::Sleep{static_cast<std::uint32_t>(pause_ms)});
        flush.leader_until_ms = 0;
    }
}

Task<void> flush_after(App& app, host::Session& session, ProviderState& state, std::uint32_t delay_ms) {
    co_await session.perform(host::Sleep{delay_ms});
    state.flush.leader_until_ms = 0;
    co_await flush_with_patience(app, session, state, limits::kLongestFlushFlowMs - delay_ms);
}

Task<void> flush_lazily(App& app, host::Session& session, ProviderState& state) {
    co_await session.perform(host::Sleep{limits::kLongestFlushWindowMs});
    state.flush.lazy_until_ms = 0;
    if (is_led(state.flush, app.now_ms)) co_return;  // it goes with that flush
    co_await flush_with_patience(app, session, state, limits::kLongestFlushFlowMs - limits::kLongestFlushWindowMs);
}

}  // namespace

void schedule_flush(App& app, ProviderState& state) {
    FlushState& flush = state.flush;
    if (state.counts.empty() && flush.outbox.empty()) return;
    if (is_led(flush, app.now_ms)) return;
    const std::uint32_t delay_ms = delay_ms_of(app, flush);
    flush.leader_until_ms = app.now_ms + delay_ms + kLeaderGraceMs;
    app.spawn([&](host::Session& session) { return flush_after(app, session, state, delay_ms); });
}

void schedule_lazy_flush(App& app, ProviderState& state) {
    constexpr std::uint32_t kDelayMs = limits::kLongestFlushWindowMs;
    if (is_leased(state.flush.lazy_until_ms, app.now_ms, kDelayMs + kLeaderGraceMs)) return;
    state.flush.lazy_until_ms = app.now_ms + kDelayMs + kLeaderGraceMs;
    app.spawn([&](host::Session& session) { return flush_lazily(app, session, state); });
}

void schedule_urgent_flush(App& app, ProviderState& state) {
    FlushState& flush = state.flush;
    const double lease_ms = store::urgent_interval_ms(flush.window_ms);
    if (is_leased(flush.urgent_until_ms, app.now_ms, lease_ms)) {
        schedule_flush(app, state);
        return;
    }
    flush.urgent_until_ms = app.now_ms + lease_ms;
    app.spawn([&](host::Session& session) { return flush_with_patience(app, session, state, limits::kLongestFlushFlowMs); });
}

Task<bool> flush_now(App& app, host::Session& session, ProviderState& state) {
    return flush_once(app, session, state, HUGE_VAL);
}

std::string salvage_counts(App& app) {
    for (const auto& [number, open] : app.open_requests) {
        ProviderState& state = app.providers[open.provider_index];
        const auto request_end = open.is_committed ? stats::RequestEnd::success : stats::RequestEnd::failure;
        const auto attempt_end = open.is_committed ? stats::AttemptEnd::success : stats::AttemptEnd::blameless_failure;
        state.counts.add_request({}, open.model, request_end, {}, app.now_ms);
        app.providers[open.token_provider_index].counts.add_token_request(open.token_hash, request_end, {}, app.now_ms);
        if (!open.key_id.empty()) state.counts.add_attempt(open.key_id, attempt_end, {}, app.now_ms);
    }
    app.open_requests.clear();
    std::string wire;
    for (ProviderState& state : app.providers) {
        while (!state.counts.empty()) cut_batch(app, state);
        for (const Outgoing& batch : state.flush.outbox) {
            wire.append(state.provider->id).push_back('\0');
            wire.append(batch.batch_id).push_back('\0');
            wire.append(batch.arguments).push_back('\0');
        }
    }
    return wire;
}

void adopt_salvage(App& app, std::string_view wire) {
    std::vector<std::string_view> fields = split(wire, '\0');
    fields.pop_back();  // behind the last NUL
    for (std::size_t i = 0; i + 3 <= fields.size(); i += 3) {
        const Provider* provider = find_provider(fields[i]);
        if (provider == nullptr) continue;
        ProviderState& state = app.state_of(*provider);
        state.flush.outbox.push_back({std::string(fields[i + 1]), std::string(fields[i + 2]), {}});
        schedule_flush(app, state);
    }
}

}  // namespace edgepool::app
