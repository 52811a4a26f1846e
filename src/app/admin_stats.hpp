// GET /admin/stats: the totals of one provider, under the older deployment's names.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

Task<void> serve_admin_stats(Exchange& exchange);

}  // namespace edgepool::app
