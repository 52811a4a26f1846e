// Keys by the thousand: POST /admin/api-keys/import and /import-with-validation. A list is read and stored in portions, each one transaction of the database, so an
// import that stops half-way has added whole portions and can be sent again: what exists is not added twice.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

// JSON {keys: [...]}, text/plain with a key per line, or text/csv with key,username,expires_at; up to limits::kMostImportedKeys.
Task<AdminAnswer> import_keys(Exchange& exchange, AdminCall& call);

// The same, but the keys are added out of service and go into it, or away again, as the provider is asked about each. Calls that go on
// send {cursor, provider?} alone (or ?cursor=): the keys are in the database by then.
Task<AdminAnswer> import_with_validation(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
