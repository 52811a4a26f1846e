// Benches told from isolate to isolate through Redis, so that a key that failed here is spared elsewhere within a second rather than with
// the next reading of the database. Hearsay: the database stays the truth and corrects it.
#pragma once

#include <vector>

#include "app/app.hpp"

namespace edgepool::app {

void tell_benches(App& app, const ProviderState& state, const std::vector<keys::VerdictRecord>& verdicts);

// Asks in the background for what others have told, at most once a second.
void hear_benches(App& app, ProviderState& state);

}  // namespace edgepool::app
