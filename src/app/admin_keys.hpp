// API keys: listed, added, imported, removed. A key is named by its id everywhere but where it is handed in.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

Task<void> serve_keys_list(Exchange& exchange);
Task<void> serve_keys_add(Exchange& exchange);
Task<void> serve_keys_remove(Exchange& exchange);

// JSON {keys: [...]}, text/plain with a key per line, or text/csv with key,username,expires_at; any number of keys, in chunks.
Task<void> serve_keys_import(Exchange& exchange);

// The members of a key's row of the database, as all routes show them; never the key itself.
void write_key_members(json::Writer& out, const json::Json& row);

// The arguments of a database call, with the "ids" and "keys" that a body names as apiKey, apiKeys, api_key, id or ids, or that stand in
// the path. Error: bad_request when it names none.
Result<json::Writer> named_keys(const AdminCall& call, std::string_view in_path = {});

}  // namespace edgepool::app
