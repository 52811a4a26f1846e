// GET /admin/reconcile: what we counted for a key beside what its provider says it used, as the daily run compared them.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

Task<AdminAnswer> admin_reconcile(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
