// GET /health and GET /: is it configured, is the database there and of the right version, which providers can serve.
#include "app/public_pages.hpp"
#include "base/time_text.hpp"
#include "json/writer.hpp"
#include "store/calls.hpp"

namespace edgepool::app {
namespace {

using json::Json;
using json::Writer;

constexpr double kHealthFreshMs = 5'000;  // a public route must not become a way to load the database
constexpr std::string_view kVersion = "0.1.0";
constexpr std::string_view kMend = "apply sql/schema.sql to the database (see docs/DATABASE.md)";

struct StorageHealth {
    bool is_reachable = false;
    double latency_ms = 0;
    std::string problem;
    bool is_abandoned = false;  // the client left: nothing was learned
    bool is_schema_usable = false;
    Json tables;  // provider id → {"tables": ...}; null when not known
};

Task<StorageHealth> probe_storage(Exchange& exchange) {
    StorageHealth health;
    const double began_ms = exchange.app.now_ms;
    const Result<Json> answer = co_await call_database(exchange.app, exchange.session, "pool_version", "{}");
    health.latency_ms = exchange.app.now_ms - began_ms;
    if (!answer) {
        health.problem = answer.error().detail;
        health.is_reachable = answer.error().code == ErrorCode::schema_outdated;
        health.is_abandoned = answer.error().code == ErrorCode::client_gone;
        co_return health;
    }
    health.is_reachable = true;
    const std::int64_t version = json::get_int(*answer, "version").value_or(0);
    health.is_schema_usable = version >= store::kSchemaVersion;
    if (!health.is_schema_usable) {
        health.problem = "the database schema is version " + std::to_string(version) + ", this worker needs " +
                         std::to_string(store::kSchemaVersion) + ": " + std::string(kMend);
    }
    const auto providers = answer->find("providers");
    if (providers != answer->end() && providers->is_object()) health.tables = *providers;
    co_return health;
}

std::string tables_of(const StorageHealth& storage, std::string_view id) {
    if (!storage.is_schema_usable) return storage.is_reachable ? "outdated" : "unknown";
    const auto row = storage.tables.is_object() ? storage.tables.find(id) : storage.tables.end();
    return row == storage.tables.end() ? "missing" : json::get_string(*row, "tables").value_or("missing");
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

void write_texts(Writer& out, std::string_view name, const std::vector<std::string>& texts) {
    out.key(name).begin_array();
    for (const std::string& text : texts) out.string(text);
    out.end_array();
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
    out.key("storage").begin_object().add_string("kind", "postgres").add_boolean("reachable", storage.is_reachable);
    out.add_integer("latencyMs", static_cast<std::int64_t>(storage.latency_ms));
    if (!storage.problem.empty()) out.add_string("problem", storage.problem);
    out.end_object();
    if (storage.is_reachable && is_outdated) out.add_string("mend", kMend);
    return out.end_object().take();
}

}  // namespace

Task<void> serve_health(Exchange& exchange) {
    App& app = exchange.app;
    if (!app.config.usable()) {
        co_await answer_json(exchange, 503, unconfigured_body(app));
        co_return;
    }
    const bool is_fresh = app.health.at_ms != 0 && app.now_ms >= app.health.at_ms && app.now_ms - app.health.at_ms < kHealthFreshMs;
    if (!is_fresh) {
        const StorageHealth storage = co_await probe_storage(exchange);
        if (storage.is_abandoned) co_return;
        app.health.body = health_body(app, storage);
        app.health.at_ms = app.now_ms;
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
