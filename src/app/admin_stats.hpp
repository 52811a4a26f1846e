// GET /admin/stats: the totals of one provider, under the older deployment's names.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

Task<AdminAnswer> admin_stats(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
