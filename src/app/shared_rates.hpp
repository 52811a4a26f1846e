// Rates that all isolates count together, in Redis: one key per rule and slot of its window, counted up by whoever admits a request. The
// arithmetic is that of limits/sliding_window.
#pragma once

#include <optional>
#include <vector>

#include "app/app.hpp"

namespace edgepool::app {

// Charges each rule and gives what was counted before that, in the order of the rules; nullopt without Redis.
Task<std::optional<std::vector<limits::SlotCounts>>> charge_shared(App& app, host::Session& session, std::vector<limits::RateRule> rules);

// Charges in the background: what is known only afterwards, or below zero what was charged for a request that was refused after all.
void charge_shared_later(App& app, std::string_view key, double window_ms, std::int64_t amount);

}  // namespace edgepool::app
