// Keys as they travel between the database and an isolate (docs/DATABASE-API.md: pool_take, pool_changes, verdicts of pool_record).
// Plain values without behaviour; times are milliseconds by the database's clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace edgepool::keys {

struct KeyRow {
    std::string id;
    std::string secret;
    bool probation = false;  // was benched and its time has passed: half-open
    int refusals = 0;        // refusals in a row
    int fails = 0;           // failures in a row
    std::optional<int> ceiling;
    std::optional<double> remaining;  // quota left, 0..1, where a probe has reported it
    std::optional<double> expires_ms;
    std::string reason;
};

struct ModelBench {
    std::string id;
    std::string model;  // or "*<suffix>" for a family of models
    std::string reason;
    double until_ms = 0;
    double at_ms = 0;
};

struct WorkingSet {
    double db_now_ms = 0;
    std::int64_t total = 0;
    std::int64_t usable = 0;
    std::optional<double> next_ms;  // when the first benched key of the database comes back
    std::vector<KeyRow> keys;
    std::vector<ModelBench> models;
};

struct KeyChange {
    std::string id;
    std::string status;  // "active", "failed", "disabled", "expired"
    std::string reason;
    bool usable = false;
    std::optional<double> until_ms;
    double at_ms = 0;
    int refusals = 0;
    int fails = 0;
    std::optional<int> ceiling;
    std::optional<double> remaining;
    std::optional<double> expires_ms;
    std::string secret;  // empty when not usable
};

struct Changes {
    double db_now_ms = 0;
    std::int64_t total = 0;
    std::int64_t usable = 0;
    std::optional<double> next_ms;
    bool more = false;
    std::vector<KeyChange> keys;
    std::vector<std::string> gone;
    std::vector<ModelBench> models;
};

// A verdict on its way to the database.
struct VerdictRecord {
    enum class State : std::uint8_t { active, benched, disabled, expired };

    std::string id;
    std::string model;  // empty = the key as a whole
    State state = State::active;
    std::string reason;
    std::string evidence;
    std::optional<double> until_ms;
    double at_ms = 0;
    int refusals = 0;
    std::optional<int> ceiling;
    std::optional<double> remaining;  // from probes only: the quota column's {"remaining": ...}
};

}  // namespace edgepool::keys
