#include "app/probe.hpp"

#include <algorithm>

#include "app/exchange.hpp"
#include "app/flush.hpp"
#include "json/writer.hpp"
#include "keys/probe_record.hpp"
#include "rewrite/upstream_request.hpp"
#include "store/calls.hpp"

namespace edgepool::app {
namespace {

constexpr std::uint32_t kProbeTimeoutMs = 10'000;

}  // namespace

Task<verdict::ProbeReading> probe_key(App& app, host::Session& session, const ProviderState& state, std::string secret) {
    const Headers none;
    host::Fetch fetch;
    fetch.method = "GET";
    fetch.url = rewrite::upstream_url(*state.provider, *state.config, state.provider->probe_path, {});
    fetch.headers = rewrite::upstream_headers(*state.provider, *state.config, none, secret);
    fetch.timeout_ms = kProbeTimeoutMs;
    fetch.wanted = rewrite::consulted_response_headers();
    const host::Outcome fetched = co_await session.perform(std::move(fetch));
    if (fetched.status != host::Status::ok) co_return verdict::ProbeReading{};
    const host::Outcome read = co_await session.perform(host::ReadBody{fetched.handle, limits::kMaxErrorBodyBytes, kProbeTimeoutMs});
    if (read.status != host::Status::ok) {
        co_await session.perform(host::CancelBody{fetched.handle});
        co_return verdict::ProbeReading{};
    }
    const Headers headers = Headers::from_wire(fetched.data);
    verdict::Answer answer;
    answer.status = static_cast<int>(fetched.number);
    answer.headers = &headers;
    answer.body = read.data;
    answer.secret = secret;
    co_return verdict::read_probe(*state.provider, answer, app.now_ms);
}

Task<std::size_t> probe_some_keys(App& app, host::Session& session, ProviderState& state, std::size_t count) {
    if (state.provider->probe_path.empty()) co_return 0;
    const std::size_t most = std::min<std::size_t>(count, state.provider->probes_per_minute);
    const std::string start = app.next_request_id();
    const Result<json::Json> taken =
        co_await call_database(app, session, "pool_take", store::take_arguments(state.provider->id, most, start, std::string_view()));
    const Result<store::TakeAnswer> answer = taken ? store::decode_take(*taken) : tl::unexpected<Error>(taken.error());
    if (!answer) co_return 0;
    std::size_t compared = 0;
    json::Writer used;
    used.begin_object().add_string("provider", state.provider->id).key("rows").begin_array();
    for (const keys::KeyRow& key : answer->set.keys) {
        const verdict::ProbeReading reading = co_await probe_key(app, session, state, key.secret);
        const std::optional<keys::VerdictRecord> record = keys::probe_record(reading, key.id, key.refusals, app.now_ms);
        if (record) state.counts.add_verdicts({*record});
        if (!reading.used_nano) continue;
        used.begin_object().add_string("id", key.id).add_integer("used_nano", *reading.used_nano).end_object();
        ++compared;
    }
    // Ours is what the database holds once this isolate's own counts are in it.
    const bool is_flushed = co_await flush_now(app, session, state);
    if (is_flushed && compared > 0) co_await call_database(app, session, "pool_reconcile", used.end_array().end_object().take());
    co_return answer->set.keys.size();
}

}  // namespace edgepool::app
