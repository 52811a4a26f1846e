// What can be learnt of the database by one call: is it there, how far away, is its schema the one this worker needs, when did the
// housekeeping last run. /health and the settings page both show it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/exchange.hpp"

namespace edgepool::app {

inline constexpr std::string_view kMendSchema = "apply sql/schema.sql to the database (see docs/DATABASE.md)";

struct StorageHealth {
    bool is_reachable = false;
    double latency_ms = 0;
    std::string problem;
    bool is_abandoned = false;  // the client left: nothing was learned
    bool is_schema_usable = false;
    std::optional<std::int64_t> schema_version;
    json::Json tables;                   // provider id → {"tables": ...}; null when not known
    std::optional<double> housekept_ms;  // when the daily cron last ended
    json::Json housekeeping;             // what it reported; null when not known
};

Task<StorageHealth> probe_storage(App& app, host::Session& session);

// "ok", "missing", "outdated" or "unknown".
std::string tables_of(const StorageHealth& storage, std::string_view provider_id);

// The members reachable, latencyMs and, where there is one, problem.
void write_storage(json::Writer& out, const StorageHealth& storage);

// The member lastRun: when the daily housekeeping last ended, or null.
void write_last_run(json::Writer& out, const StorageHealth& storage);

}  // namespace edgepool::app
