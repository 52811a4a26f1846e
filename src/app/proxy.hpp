// The client routes: a request for a provider, from the token to the answer.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

// A body with a model (POST /v1/chat/completions and the like), a request without one (GET /v1/models/{id}, /api/tags), or the provider's
// list of models, kept for a few minutes: for that a token is not needed, but one that is sent must be valid.
Task<void> serve_proxy(Exchange& exchange);

}  // namespace edgepool::app
