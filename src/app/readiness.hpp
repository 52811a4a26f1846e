// What must be known before a key can be picked: the provider's working set and the client's token. A warm isolate knows both and asks
// nobody; a cold one learns both in one database call. Freshness is restored in the background, under the request that noticed.
#pragma once

#include <string>
#include <string_view>

#include "app/exchange.hpp"

namespace edgepool::app {

// The client's token, checked. Loads the working set too when there is none yet.
// Errors: missing_token, invalid_token, expired_token, disabled_token, rate_limited (too many unknown tokens just now), and what
// loading gives: storage_unavailable, provider_not_configured, schema_outdated, not_configured.
Task<Result<auth::Token>> authenticate(Exchange& exchange, ProviderState& state);

// Makes sure that a working set was loaded once. Errors as authenticate().
Task<Result<std::monostate>> ensure_loaded(Exchange& exchange, ProviderState& state);

// Takes the working set anew although there is one: for a pool that has run dry. Does nothing when it was taken a second ago.
Task<void> reload_when_dry(Exchange& exchange, ProviderState& state);

// Starts a background refresh when the working set is older than kWorkingSetFreshMs and nobody is at it.
void refresh_when_stale(App& app, ProviderState& state);

// Takes the working set anew: what administration has changed is seen by the next request of this isolate.
Task<void> reload_now(Exchange& exchange, ProviderState& state);

}  // namespace edgepool::app
