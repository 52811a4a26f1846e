// API keys: listed, added, imported, removed. A key is named by its id everywhere but where it is handed in.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

Task<void> serve_keys_list(Exchange& exchange);
Task<void> serve_keys_add(Exchange& exchange);
Task<void> serve_keys_remove(Exchange& exchange);

// JSON {keys: [...]}, text/plain with a key per line, or text/csv with key,username,expires_at; any number of keys, in chunks.
Task<void> serve_keys_import(Exchange& exchange);

}  // namespace edgepool::app
