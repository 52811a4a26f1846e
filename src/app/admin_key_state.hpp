// The state of single keys: why each is where it is, turning keys on and off by hand, asking the provider about them, and which keys a
// request for a model would try.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

// GET /admin/keys/{id}: figures, state, reason and evidence.
Task<void> serve_key_detail(Exchange& exchange);

// POST /admin/keys/enable and /disable: {apiKey | id | ids, duration? (seconds; 0 = until enabled)}
Task<void> serve_keys_enable(Exchange& exchange);
Task<void> serve_keys_disable(Exchange& exchange);

// POST /admin/verify-key: {api_key}. POST /admin/keys/health-check: {ids?}; without ids some keys of the pool.
Task<void> serve_verify_key(Exchange& exchange);
Task<void> serve_health_check(Exchange& exchange);

// POST /admin/explain: {model, provider?}. Speaks for this isolate's working set.
Task<void> serve_explain(Exchange& exchange);

}  // namespace edgepool::app
