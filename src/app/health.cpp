// GET /health and GET /: is it configured, is the database there and of the right version, which providers can serve.
#include <algorithm>

#include "app/public_pages.hpp"
#include "app/redis.hpp"
#include "app/shared_answer.hpp"
#include "app/storage_health.hpp"
#include "base/time_text.hpp"
#include "json/writer.hpp"

namespace edgepool::app {
namespace {

using json::Writer;

constexpr double kFreshMs = 5'000;

// A public route must not become a way to load the database: with many isolates it is asked no more often than any of them flushes.
double fresh_ms(const App& app) {
    double span_ms = kFreshMs;
    for (const ProviderState& state : app.providers) span_ms = std::max<double>(span_ms, state.flush.window_ms);
    return span_ms;
}

void write_provider(Writer& out, const ProviderState& state, std::string_view tables, double now_ms) {
    const bool is_enabled = !state.config->disabled;
    out.key(state.provider->id).begin_object();
    out.add_boolean("enabled", is_enabled).add_boolean("configured", is_enabled && tables == "ok").add_string("tables", tables);
    if (state.loaded) out.add_integer("usableKeys", state.usable);
    else out.add_null("usableKeys");
    const keys::IncidentState incident = state.pool.incident(now_ms);
    if (incident.active) {
        out.key("incident").begin_object().add_string("reason", incident.reason).add_string("model", incident.model);
        out.add_string("since", iso8601_utc(incident.since_ms)).end_object();
    }
    out.end_object();
}

void write_service(Writer& out, const App& app) {
    out.add_string("service", "edgepool").add_string("version", kVersion).add_boolean("configured", app.config.usable());
    out.add_string("timestamp", iso8601_utc(app.now_ms));
}

std::string unconfigured_body(const App& app) {
    Writer out;
    out.begin_object().add_string("status", "unconfigured");
    write_service(out, app);
    write_texts(out, "missing", app.config.missing);
    write_texts(out, "problems", app.config.problems);
    return out.key("providers").begin_object().end_object().end_object().take();
}

std::string health_body(const App& app, const StorageHealth& storage) {
    bool can_serve = false, is_outdated = !storage.is_schema_usable, has_incident = false;
    Writer rows;
    rows.begin_object();
    for (const ProviderState& state : app.providers) {
        const std::string tables = tables_of(storage, state.provider->id);
        write_provider(rows, state, tables, app.now_ms);
        if (state.config->disabled) continue;
        can_serve = can_serve || tables == "ok";
        is_outdated = is_outdated || tables == "outdated";
        has_incident = has_incident || state.pool.incident(app.now_ms).active;
    }
    rows.end_object();
    Writer out;
    out.begin_object().add_string("status", storage.is_reachable && can_serve && !is_outdated && !has_incident ? "ok" : "degraded");
    write_service(out, app);
    out.add_raw("providers", rows.text());
    out.key("storage").begin_object().add_string("kind", "postgres");
    write_storage(out, storage);
    out.end_object();
    out.key("cron").begin_object();
    write_last_run(out, storage);
    out.end_object();
    write_redis(out, app);
    if (storage.is_reachable && is_outdated) out.add_string("mend", kMendSchema);
    return out.end_object().take();
}

}  // namespace

void write_texts(Writer& out, std::string_view name, const std::vector<std::string>& texts) {
    out.key(name).begin_array();
    for (const std::string& text : texts) out.string(text);
    out.end_array();
}

Task<void> serve_health(Exchange& exchange) {
    App& app = exchange.app;
    if (!app.config.usable()) {
        co_await answer_json(exchange, 503, unconfigured_body(app));
        co_return;
    }
    const Turn turn = co_await take_turn(app, exchange.session, app.health, fresh_ms(app));
    if (turn == Turn::fetch) {
        const StorageHealth storage = co_await probe_storage(app, exchange.session);
        if (storage.is_abandoned) {
            give_turn_up(app.health, limits::kFlushWindowMs, app.now_ms);
            co_return;
        }
        if (app.config.redis) co_await redis_exchange(app, exchange.session, {{"PING"}});
        keep_answer(app.health, health_body(app, storage), app.now_ms);
    }
    if (turn == Turn::none) {
        StorageHealth not_known;
        not_known.problem = app.health.error.detail;
        co_await answer_json(exchange, 200, health_body(app, not_known));
        co_return;
    }
    co_await answer_json(exchange, 200, app.health.body);
}

Task<void> serve_home(Exchange& exchange) {
    const config::Config& config = exchange.app.config;
    Writer out;
    out.begin_object();
    write_service(out, exchange.app);
    out.add_string("health", "/health").add_string("stats", "/admin/public-stats");
    if (!config.usable()) out.add_string("next", config::configuration_gap(config));
    co_await answer_json(exchange, 200, out.end_object().take());
}

}  // namespace edgepool::app
