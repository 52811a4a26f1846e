// What anybody may ask without a token: health, the public figures and the front door. No secret and no key or token name is in them.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

Task<void> serve_home(Exchange& exchange);
Task<void> serve_health(Exchange& exchange);
Task<void> serve_public_stats(Exchange& exchange);

// The provider that ?provider= names, else the default one. Error: unknown_provider.
Result<const Provider*> provider_of_query(const Exchange& exchange);

}  // namespace edgepool::app
