#include "app/flush.hpp"

#include <algorithm>

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
constexpr int kTriesPerFlow = 4;                                          // then the next request's flow goes on
constexpr std::uint32_t kFirstBackoffMs = 500;

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

// Sends the first batch of the outbox. True when it is dealt with.
Task<bool> send_first(App& app, host::Session& session, ProviderState& state) {
    FlushState& flush = state.flush;
    flush.sent_at_ms = app.now_ms;
    const Outgoing batch = flush.outbox.front();
    const Result<json::Json> answer = co_await call_database(app, session, "pool_record", batch.arguments);
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

// Sends what had been counted when it began. What is counted meanwhile waits for the next window: otherwise a busy isolate would send
// batch after batch.
Task<bool> flush_once(App& app, host::Session& session, ProviderState& state) {
    if (state.flush.outbox.empty() && !state.counts.empty()) cut_batch(app, state);
    while (!state.flush.outbox.empty()) {
        if (is_under_way(state.flush, app.now_ms)) co_return false;
        const bool is_dealt_with = co_await send_first(app, session, state);
        if (!is_dealt_with) co_return false;
    }
    co_return true;
}

Task<void> flush_after(App& app, host::Session& session, ProviderState& state, std::uint32_t delay_ms) {
    if (delay_ms > 0) co_await session.perform(host::Sleep{delay_ms});
    std::uint32_t backoff_ms = std::max(kFirstBackoffMs, state.flush.window_ms / 2);
    bool all_sent = false;
    for (int attempt = 0; attempt < kTriesPerFlow; ++attempt) {
        all_sent = co_await flush_once(app, session, state);
        if (all_sent || attempt + 1 == kTriesPerFlow) break;
        state.flush.leader_until_ms = app.now_ms + backoff_ms + kSendLeaseMs;
        co_await session.perform(host::Sleep{backoff_ms + static_cast<std::uint32_t>(app.random.below(backoff_ms))});
        backoff_ms *= 2;
    }
    state.flush.leader_until_ms = 0;
    // What was counted meanwhile goes with the next request's flow. When none comes within a window, it goes with this one.
    while (all_sent && !state.counts.empty()) {
        co_await session.perform(host::Sleep{state.flush.window_ms});
        if (state.flush.leader_until_ms > app.now_ms) break;
        all_sent = co_await flush_once(app, session, state);
    }
}

Task<void> flush_lazily(App& app, host::Session& session, ProviderState& state) {
    co_await session.perform(host::Sleep{limits::kLongestFlushWindowMs});
    state.flush.lazy_until_ms = 0;
    if (state.flush.leader_until_ms > app.now_ms) co_return;  // it goes with that flush
    co_await flush_now(app, session, state);
}

}  // namespace

void schedule_flush(App& app, ProviderState& state) {
    FlushState& flush = state.flush;
    if (state.counts.empty() && flush.outbox.empty()) return;
    constexpr double kLongestLeaseMs = limits::kLongestFlushWindowMs * 2.0 + kSendLeaseMs + kLeaderGraceMs;
    if (is_leased(flush.leader_until_ms, app.now_ms, kLongestLeaseMs)) return;
    const auto delay_ms = static_cast<std::uint32_t>(store::jittered_ms(flush.window_ms, app.random));
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
    app.spawn([&](host::Session& session) { return flush_after(app, session, state, 0); });
}

Task<bool> flush_now(App& app, host::Session& session, ProviderState& state) {
    while (!state.counts.empty() || !state.flush.outbox.empty()) {
        const bool is_sent = co_await flush_once(app, session, state);
        if (!is_sent) co_return false;
    }
    co_return true;
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
