// The administrators' routes: the token check and the dispatch. What they do is in admin_keys, admin_tokens and admin_stats.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

Task<void> serve_admin(Exchange& exchange);

// What the routes share: the provider they mean, and the JSON body when the request has one.
struct AdminCall {
    ProviderState* state = nullptr;
    json::Json body;  // an object; empty when the request has no body
};

// Reads the body (when `takes_body`) and finds the provider: the body's "provider" wins over ?provider=, the default is the default.
// Errors: bad_json, bad_request (not an object), unknown_provider, and those of read_body().
enum class BodyUse : std::uint8_t { none, optional, required };
Task<Result<AdminCall>> read_admin_call(Exchange& exchange, BodyUse use);

// The provider of a body, else of the query.
Result<ProviderState*> admin_provider(Exchange& exchange, const json::Json& body);

// The database call of an administration route, answered with its error when it fails: nullopt then.
Task<std::optional<json::Json>> admin_database(Exchange& exchange, std::string_view function, json::Json arguments);

// The page asked for by ?page= and ?pageSize= (from 1; at most limits::kMaxPageSize rows). Error: bad_request naming the parameter.
struct PageRequest {
    std::uint32_t page = 1;
    std::uint32_t page_size = 50;
};
Result<PageRequest> page_of_query(const Exchange& exchange);

// Adds total, page, pageSize and totalPages.
void add_paging(json::Json& body, const PageRequest& page, std::int64_t total);

// A time of a database row as ISO 8601, or null.
json::Json iso_or_null(const json::Json& row, const char* name);

// The figures of a key's or token's row under the guide's column names.
void add_figures(json::Json& out, const json::Json& row);

}  // namespace edgepool::app
