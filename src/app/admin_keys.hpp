// API keys: listed, added, imported, removed. A key is named by its id everywhere but where it is handed in.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

Task<AdminAnswer> list_keys(Exchange& exchange, AdminCall& call);
Task<AdminAnswer> add_key(Exchange& exchange, AdminCall& call);
Task<AdminAnswer> remove_keys(Exchange& exchange, AdminCall& call);

// JSON {keys: [...]}, text/plain with a key per line, or text/csv with key,username,expires_at; any number of keys, in chunks.
Task<AdminAnswer> import_keys(Exchange& exchange, AdminCall& call);

// The members of a key's row of the database, as all routes show them; never the key itself.
void write_key_members(json::Writer& out, const json::Json& row);

// The arguments of a database call, with the "ids" and "keys" that a body names as apiKey, apiKeys, api_key, id or ids, or that stand in
// the path. Error: bad_request when it names none.
Result<json::Writer> named_keys(const AdminCall& call, std::string_view in_path = {});

}  // namespace edgepool::app
