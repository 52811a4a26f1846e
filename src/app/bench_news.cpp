#include "app/bench_news.hpp"

#include "app/flush.hpp"
#include "app/redis.hpp"
#include "json/dom.hpp"

namespace edgepool::app {
namespace {

using keys::VerdictRecord;

constexpr double kHearingPauseMs = 1'000;
constexpr double kWithdrawnMs = 30'000;  // a key that was withdrawn is spared until the database has told of it
constexpr const char* kNewsLifeMs = "60000";

std::string news_key(const ProviderState& state) { return redis_key("benches:").append(state.provider->id); }

std::string news_of(const VerdictRecord& verdict) {
    const double until_ms = verdict.until_ms.value_or(verdict.at_ms + kWithdrawnMs);
    json::Writer out;
    out.begin_object().add_string("id", verdict.id).add_string("model", verdict.model).add_string("reason", verdict.reason);
    out.add_integer("until_ms", static_cast<std::int64_t>(until_ms)).add_integer("at_ms", static_cast<std::int64_t>(verdict.at_ms));
    return out.end_object().take();
}

void hear(App& app, ProviderState& state, const redis::Reply& reply) {
    for (const redis::Reply& item : reply.items) {
        const std::optional<json::Json> news = json::parse(item.text);
        if (!news) continue;
        keys::ModelBench bench;
        bench.id = json::get_string(*news, "id").value_or("");
        bench.model = json::get_string(*news, "model").value_or("");
        bench.reason = json::get_string(*news, "reason").value_or("");
        bench.until_ms = static_cast<double>(json::get_int(*news, "until_ms").value_or(0));
        bench.at_ms = static_cast<double>(json::get_int(*news, "at_ms").value_or(0));
        state.pool.hear(bench, app.now_ms);
    }
}

Task<void> ask_for_benches(App& app, host::Session& session, ProviderState& state) {
    const Result<std::vector<redis::Reply>> replies = co_await redis_exchange(app, session, {{"LRANGE", news_key(state), "0", "-1"}});
    if (replies && !redis_has_refused(app, *replies)) hear(app, state, replies->front());
}

void tell_benches(App& app, const ProviderState& state, const std::vector<VerdictRecord>& verdicts) {
    if (!redis_usable(app)) return;
    redis::Command push = {"RPUSH", news_key(state)};
    for (const VerdictRecord& verdict : verdicts) {
        if (verdict.state != VerdictRecord::State::active) push.push_back(news_of(verdict));
    }
    if (push.size() == 2) return;
    redis_later(app, std::move(push));
    redis_later(app, {"LTRIM", news_key(state), "-" + std::to_string(limits::kBenchesTold), "-1"});
    redis_later(app, {"PEXPIRE", news_key(state), kNewsLifeMs});
}

}  // namespace

void spread_verdicts(App& app, ProviderState& state, std::vector<VerdictRecord> verdicts) {
    if (verdicts.empty()) return;
    tell_benches(app, state, verdicts);
    state.counts.add_verdicts(std::move(verdicts));
    schedule_urgent_flush(app, state);
}

void hear_benches(App& app, ProviderState& state) {
    const double passed_ms = app.now_ms - state.benches_heard_ms;
    if (!redis_usable(app) || (passed_ms >= 0 && passed_ms < kHearingPauseMs)) return;
    state.benches_heard_ms = app.now_ms;
    app.spawn([&](host::Session& session) { return ask_for_benches(app, session, state); });
}

}  // namespace edgepool::app
