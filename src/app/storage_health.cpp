#include "app/storage_health.hpp"

#include "base/time_text.hpp"
#include "store/calls.hpp"

namespace edgepool::app {

using json::Json;

Task<StorageHealth> probe_storage(App& app, host::Session& session) {
    StorageHealth health;
    const double began_ms = app.now_ms;
    const Result<Json> answer = co_await call_database(app, session, "pool_version", "{}");
    health.latency_ms = app.now_ms - began_ms;
    if (!answer) {
        health.problem = answer.error().detail;
        health.is_reachable = answer.error().code == ErrorCode::schema_outdated;
        health.is_abandoned = answer.error().code == ErrorCode::client_gone;
        co_return health;
    }
    health.is_reachable = true;
    health.schema_version = json::get_int(*answer, "version").value_or(0);
    health.is_schema_usable = *health.schema_version >= store::kSchemaVersion;
    if (!health.is_schema_usable) {
        health.problem = "the database schema is version " + std::to_string(*health.schema_version) + ", this worker needs " +
                         std::to_string(store::kSchemaVersion) + ": " + std::string(kMendSchema);
    }
    const auto providers = answer->find("providers");
    if (providers != answer->end() && providers->is_object()) health.tables = *providers;
    const auto housekeeping = answer->find("housekeeping");
    if (housekeeping != answer->end() && housekeeping->is_object()) {
        if (const auto at_ms = json::get_int(*housekeeping, "at_ms")) health.housekept_ms = static_cast<double>(*at_ms);
        health.housekeeping = housekeeping->value("content", Json());
    }
    co_return health;
}

std::string tables_of(const StorageHealth& storage, std::string_view provider_id) {
    if (!storage.is_schema_usable) return storage.is_reachable ? "outdated" : "unknown";
    const auto row = storage.tables.is_object() ? storage.tables.find(provider_id) : storage.tables.end();
    return row == storage.tables.end() ? "missing" : json::get_string(*row, "tables").value_or("missing");
}

void write_storage(json::Writer& out, const StorageHealth& storage) {
    out.add_boolean("reachable", storage.is_reachable).add_integer("latencyMs", static_cast<std::int64_t>(storage.latency_ms));
    if (!storage.problem.empty()) out.add_string("problem", storage.problem);
}

void write_last_run(json::Writer& out, const StorageHealth& storage) {
    if (storage.housekept_ms) out.add_string("lastRun", iso8601_utc(*storage.housekept_ms));
    else out.add_null("lastRun");
}

}  // namespace edgepool::app
