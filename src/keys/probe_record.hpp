// A probe's reading as the verdict that goes to the database (and, by way of pool_changes, to every isolate).
#pragma once

#include <optional>
#include <string_view>

#include "keys/working_set.hpp"
#include "verdict/probe.hpp"

namespace edgepool::keys {

// nullopt when the reading says nothing about the key. `refusals`: those in a row so far.
std::optional<VerdictRecord> probe_record(const verdict::ProbeReading& reading, std::string_view key_id, int refusals, double now_ms);

}  // namespace edgepool::keys
