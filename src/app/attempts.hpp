// One key after the other until the client has its answer: the heart of the pool.
#pragma once

#include "app/journey.hpp"

namespace edgepool::app {

// Sends the plan to the provider with up to MAX_ATTEMPTS different keys and answers the client; where the model is gone or no key can
// serve it, its fallbacks are asked in turn in the same way. What is the client's own fault goes straight back; when all attempts fail,
// the last answer that a provider gave goes back as it came.
Task<void> run_attempts(Exchange& exchange, ProviderState& state, Plan plan);

}  // namespace edgepool::app
