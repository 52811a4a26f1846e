// One call of a database function through PostgREST, as a host operation and the reading of its answer.
// Not the calls themselves (calls.hpp) and not the waiting (app/).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/config.hpp"
#include "host/operation.hpp"
#include "json/dom.hpp"

namespace edgepool::store {

// POST {rest_url}/rpc/{function} with {"p": arguments}; `arguments` is JSON text. No secret is in the URL.
host::Fetch rpc_request(const config::Storage& storage, std::string_view function, std::string_view arguments);

// The function's value. Errors: schema_outdated (the function is not there), provider_not_configured (its tables are not there),
// not_configured (the service key is refused), storage_refused (the arguments are; detail begins with our functions' stable code, or holds PostgreSQL's or PostgREST's and none of its words),
// storage_unavailable (5xx, 429), storage_answer_unreadable.
Result<json::Json> read_rpc_answer(std::uint32_t http_status, std::string_view body);

}  // namespace edgepool::store
