// The response cache (off by default): whole successful answers kept in a store (cache_store.hpp), and given to requests that say exactly
// the same. It costs no key and counts as no request of the provider; it has figures of its own. What cannot be asked of the cache is a miss.
#pragma once

#include <string>
#include <string_view>

#include "app/exchange.hpp"
#include "app/journey.hpp"

namespace edgepool::app {

// Notes in the plan under what its answer may be kept; nothing when it may not.
void plan_caching(const Exchange& exchange, const ProviderState& state, Plan& plan, std::string_view body);

// Answers from the cache. False: it has nothing for this request.
Task<bool> answer_from_cache(Exchange& exchange, ProviderState& state, Plan& plan);

// Keeps a whole answer for later requests, when the plan allows it; the client does not wait for that.
void keep_answer(Exchange& exchange, ProviderState& state, const Plan& plan, std::string_view content_type, std::string_view body);

// From now on what was kept before is void, as far as the store reaches. False: the store could not be told.
Task<bool> clear_cache(Exchange& exchange, ProviderState& state);

}  // namespace edgepool::app
