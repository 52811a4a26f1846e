// GET /admin/trends: what the dashboard's charts draw, a day in hours or a month in days.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

Task<AdminAnswer> admin_trends(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
