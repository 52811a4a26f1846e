// GET /admin/api-keys/export?format=csv|json&after=: all keys of a provider in full, sent page by page as the database gives them. The
// only route that ever shows a full key; what it gives, an import takes. It is written down before the first key leaves.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

Task<AdminAnswer> export_keys(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
