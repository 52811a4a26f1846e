// GET /admin/settings: what is configured (never a secret's value), what is wrong with it, and whether what it names is there.
// The one administration route that answers while the configuration is not usable, since it says why.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

Task<AdminAnswer> admin_settings(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
