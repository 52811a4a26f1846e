// The state of single keys: why each is where it is, turning keys on and off by hand, asking the provider about them, and which keys a
// request for a model would try.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

// GET /admin/keys/{id}: figures, state, reason and evidence.
Task<AdminAnswer> key_detail(Exchange& exchange, AdminCall& call);

// POST /admin/keys/enable and /disable: {apiKey | id | ids, duration? (seconds; 0 = until enabled), reason?}
Task<AdminAnswer> enable_keys(Exchange& exchange, AdminCall& call);
Task<AdminAnswer> disable_keys(Exchange& exchange, AdminCall& call);

// POST /admin/verify-key: {api_key}: asks the provider about one key, whoever's it is.
Task<AdminAnswer> verify_key(Exchange& exchange, AdminCall& call);

// POST /admin/explain: {model, provider?}. Speaks for this isolate's working set.
Task<AdminAnswer> explain_choice(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
