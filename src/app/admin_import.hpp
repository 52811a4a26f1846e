// Keys by the thousand: POST /admin/api-keys/import. A list is read and stored in portions, each one transaction of the database, so an
// import that stops half-way has added whole portions and can be sent again: what exists is not added twice.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

// JSON {keys: [...]}, text/plain with a key per line, or text/csv with key,username,expires_at; up to limits::kMostImportedKeys.
Task<AdminAnswer> import_keys(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
