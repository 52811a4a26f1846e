// What was found out about keys here, on its way to others: to the database at once, and benches from isolate to isolate through Redis, so
// that a key that failed here is spared elsewhere within a second rather than with the next reading of the database. What comes through
// Redis is hearsay: the database stays the truth and corrects it.
#pragma once

#include <vector>

#include "app/app.hpp"

namespace edgepool::app {

void spread_verdicts(App& app, ProviderState& state, std::vector<keys::VerdictRecord> verdicts);

// Asks in the background for what others have told, at most once a second.
void hear_benches(App& app, ProviderState& state);

}  // namespace edgepool::app
