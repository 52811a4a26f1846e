#include "app/second_opinion.hpp"

#include "app/bench_news.hpp"
#include "app/probe.hpp"

namespace edgepool::app {
namespace {

constexpr double kMinuteMs = 60'000;

void rule(App& app, ProviderState& state, const keys::Suspect& suspect, const verdict::ProbeReading& reading) {
    std::vector<keys::VerdictRecord> verdicts;
    state.pool.rule(suspect, reading, app.now_ms, verdicts);
    spread_verdicts(app, state, std::move(verdicts));
}

Task<void> ask_and_rule(App& app, host::Session& session, ProviderState& state, keys::Suspect suspect) {
    const verdict::ProbeReading reading = co_await probe_key(app, session, state, suspect.secret);
    rule(app, state, suspect, reading);
}

// One more question within this minute?
bool may_ask(App& app, ProviderState& state) {
    const double passed_ms = app.now_ms - state.opinions_since_ms;
    if (passed_ms < 0 || passed_ms >= kMinuteMs) {
        state.opinions_since_ms = app.now_ms;
        state.opinions = 0;
    }
    return state.opinions++ < state.provider->probes_per_minute;
}

}  // namespace

void seek_second_opinion(App& app, ProviderState& state, keys::Suspect suspect) {
    if (state.provider->probe_path.empty()) {
        verdict::ProbeReading refused;
        refused.standing = verdict::ProbeReading::Standing::refused;
        rule(app, state, suspect, refused);
        return;
    }
    if (!may_ask(app, state)) return;
    app.spawn([&](host::Session& session) { return ask_and_rule(app, session, state, std::move(suspect)); });
}

}  // namespace edgepool::app
