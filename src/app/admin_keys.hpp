// API keys: listed, added, removed. A key is named by its id everywhere but where it is handed in.
#pragma once

#include "app/admin.hpp"
#include "app/key_lines.hpp"

namespace edgepool::app {

Task<AdminAnswer> list_keys(Exchange& exchange, AdminCall& call);
Task<AdminAnswer> list_key_stats(Exchange& exchange, AdminCall& call);  // the same rows as {keys}, the busiest first unless ?sort= says else
Task<AdminAnswer> add_key(Exchange& exchange, AdminCall& call);
Task<AdminAnswer> remove_keys(Exchange& exchange, AdminCall& call);

// Writes a key as pool_keys_add takes it.
void write_new_key(json::Writer& out, const KeyLine& key);

// The members of a key's row of the database, as all routes show them; never the key itself.
void write_key_members(json::Writer& out, const json::Json& row);

// The arguments of a database call, with the "ids" and "keys" that a body names as apiKey, apiKeys, api_key, id or ids, or that stand in
// the path. Error: bad_request when it names none, more than limits::kMostNamedKeys, or what can be no key.
Result<json::Writer> named_keys(const AdminCall& call, std::string_view in_path = {});

}  // namespace edgepool::app
