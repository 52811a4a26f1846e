// The administrators' routes: the token check and the dispatch. What they do is in admin_keys, admin_tokens and admin_stats.
#pragma once

#include "app/exchange.hpp"
#include "json/writer.hpp"

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

// Begins {"provider": ...}, the arguments of a database call; admin_database() ends it.
json::Writer arguments_for(const ProviderState& state);

// The database call of an administration route, answered with its error when it fails: nullopt then.
Task<std::optional<json::Json>> admin_database(Exchange& exchange, std::string_view function, json::Writer arguments);

// The page asked for by ?page= and ?pageSize= (from 1; at most limits::kMaxPageSize rows). Error: bad_request naming the parameter.
struct PageRequest {
    std::uint32_t page = 1;
    std::uint32_t page_size = 50;
};
Result<PageRequest> page_of_query(const Exchange& exchange);

// Writes total, page, pageSize and totalPages.
void write_paging(json::Writer& out, const PageRequest& page, std::int64_t total);

// Writes a time of a database row as ISO 8601, or null.
void write_iso(json::Writer& out, std::string_view name, const json::Json& row, const char* column);

// Writes the figures of a key's or token's row under the guide's column names.
void write_figures(json::Writer& out, const json::Json& row);

// Answers {success, removed, message} from a database answer's "removed".
Task<void> answer_removed(Exchange& exchange, const json::Json& answer, std::string_view none_message);

// The rows of a database answer, or null.
const json::Json* rows_of(const json::Json& answer, const char* name);

}  // namespace edgepool::app
