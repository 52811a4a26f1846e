// Client tokens: made, listed, removed. A token is shown once, when it is made; the database keeps its hash and a hint.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

Task<void> serve_tokens_list(Exchange& exchange);
Task<void> serve_tokens_create(Exchange& exchange);
Task<void> serve_tokens_remove(Exchange& exchange);

}  // namespace edgepool::app
