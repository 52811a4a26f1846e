#include "app/housekeep.hpp"

#include "app/exchange.hpp"
#include "app/flush.hpp"
#include "app/probe.hpp"
#include "json/writer.hpp"

namespace edgepool::app {

namespace {

constexpr std::size_t kProbedDaily = 10;  // keys per provider and run: a cron run has the subrequests of one request

}  // namespace

Task<void> housekeep(App& app, host::Session& session) {
    if (!app.config.usable()) co_return;
    json::Writer report;
    report.begin_object();
    for (ProviderState& state : app.providers) {
        if (state.config->disabled) continue;
        co_await flush_now(app, session, state);
        json::Writer arguments;
        arguments.begin_object().add_string("provider", state.provider->id).add_integer("days", app.config.retention_days).end_object();
        const Result<json::Json> pruned = co_await call_database(app, session, "pool_prune", arguments.take());
        json::Writer line;
        line.begin_object().add_string("event", pruned ? "pruned" : "prune_failed").add_string("provider", state.provider->id);
        if (pruned) line.add_raw("rows", json::dump(*pruned));
        else line.add_string("detail", pruned.error().detail);
        app.log(!pruned, line.end_object().take());
        const std::size_t asked = co_await probe_some_keys(app, session, state, kProbedDaily);
        report.key(state.provider->id).begin_object().add_boolean("pruned", pruned.has_value());
        report.add_integer("probed", static_cast<std::int64_t>(asked)).end_object();
    }
    json::Writer note;
    note.begin_object().add_string("name", "housekeeping").add_raw("content", report.end_object().text());
    co_await call_database(app, session, "pool_note", note.end_object().take());
}

}  // namespace edgepool::app
