// GET /admin/cache/stats and POST /admin/cache/clear: the figures of the response cache as this isolate knows them, and its clearing.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

Task<AdminAnswer> cache_stats(Exchange& exchange, AdminCall& call);

// A pattern or a scope cannot be told apart in a cache of hashed names: everything of the provider goes, and the answer says so.
Task<AdminAnswer> clear_responses(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
