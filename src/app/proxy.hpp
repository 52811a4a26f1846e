// The client routes: a request for a provider, from the token to the answer.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

// A body with a model: POST /v1/chat/completions and the like.
Task<void> serve_generate(Exchange& exchange);

// Without a body: GET /v1/models/{id}, /api/tags and the like.
Task<void> serve_passthrough(Exchange& exchange);

// GET /v1/models: the provider's list, kept for a few minutes. A token is not needed, but one that is sent must be valid.
Task<void> serve_models(Exchange& exchange);

}  // namespace edgepool::app
