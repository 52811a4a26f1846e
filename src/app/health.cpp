// GET /health and GET /: is it configured, is the database there and of the right version, which providers can serve.
#include <algorithm>

#include "app/public_pages.hpp"
#include "base/time_text.hpp"
#include "store/calls.hpp"

namespace edgepool::app {
namespace {

using json::Json;

constexpr double kHealthFreshMs = 5'000;  // a public route must not become a way to load the database
constexpr std::string_view kVersion = "0.1.0";
constexpr std::string_view kMend = "apply sql/schema.sql to the database (see docs/DATABASE.md)";

struct StorageHealth {
    bool is_reachable = false;
    double latency_ms = 0;
    std::string problem;
    bool is_schema_usable = false;
    Json tables = Json::object();  // provider id → {"tables": ...}
};

Task<StorageHealth> probe_storage(Exchange& exchange) {
    StorageHealth health;
    const double began_ms = exchange.app.now_ms;
    const Result<Json> answer = co_await call_database(exchange.app, exchange.session, "pool_version", "{}");
    health.latency_ms = exchange.app.now_ms - began_ms;
    if (!answer) {
        health.problem = answer.error().detail;
        health.is_reachable = answer.error().code == ErrorCode::schema_outdated;
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
    const auto row = storage.tables.find(id);
    return row == storage.tables.end() ? "missing" : json::get_string(*row, "tables").value_or("missing");
}

Json provider_json(const ProviderState& state, const StorageHealth& storage, double now_ms) {
    const std::string tables = tables_of(storage, state.provider->id);
    Json row{{"enabled", !state.config->disabled}, {"configured", !state.config->disabled && tables == "ok"}, {"tables", tables}};
    row["usableKeys"] = state.loaded ? Json(state.usable) : Json(nullptr);
    const keys::IncidentState incident = state.pool.incident(now_ms);
    if (incident.active) {
        row["incident"] = {{"reason", incident.reason}, {"model", incident.model}, {"since", iso8601_utc(incident.since_ms)}};
    }
    return row;
}

}  // namespace

Task<void> serve_health(Exchange& exchange) {
    App& app = exchange.app;
    if (app.health.at_ms != 0 && app.now_ms - app.health.at_ms < kHealthFreshMs && app.now_ms >= app.health.at_ms) {
        co_await answer_json(exchange, 200, app.health.body);
        co_return;
    }
    Json body{{"service", "edgepool"}, {"version", kVersion}, {"configured", app.config.usable()}, {"timestamp", iso8601_utc(app.now_ms)}};
    if (!app.config.usable()) {
        body["status"] = "unconfigured";
        body["missing"] = app.config.missing;
        body["problems"] = app.config.problems;
        body["providers"] = Json::object();
        co_await answer_json(exchange, 503, std::move(body));
        co_return;
    }
    const StorageHealth storage = co_await probe_storage(exchange);
    bool can_serve = false;
    Json rows = Json::object();
    for (const ProviderState& state : app.providers) {
        rows[std::string(state.provider->id)] = provider_json(state, storage, app.now_ms);
        const bool is_outdated = !state.config->disabled && tables_of(storage, state.provider->id) == "outdated";
        can_serve = can_serve || rows[std::string(state.provider->id)]["configured"] == true;
        if (is_outdated && body.find("mend") == body.end()) body["mend"] = kMend;
    }
    const bool has_incident = std::any_of(rows.begin(), rows.end(), [](const Json& row) { return row.contains("incident"); });
    body["status"] = storage.is_reachable && can_serve && !has_incident && !body.contains("mend") ? "ok" : "degraded";
    body["providers"] = std::move(rows);
    body["storage"] = {{"kind", "postgres"}, {"reachable", storage.is_reachable}, {"latencyMs", storage.latency_ms}};
    if (!storage.problem.empty()) body["storage"]["problem"] = storage.problem;
    app.health.body = json::dump(body);
    app.health.at_ms = app.now_ms;
    co_await answer_json(exchange, 200, app.health.body);
}

Task<void> serve_home(Exchange& exchange) {
    Json body{{"service", "edgepool"},
              {"version", kVersion},
              {"configured", exchange.app.config.usable()},
              {"health", "/health"},
              {"stats", "/admin/public-stats"}};
    if (!exchange.app.config.usable()) body["next"] = config::configuration_gap(exchange.app.config);
    co_await answer_json(exchange, 200, std::move(body));
}

}  // namespace edgepool::app
