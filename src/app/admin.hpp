// The administrators' routes: the token check and the dispatch. What they do is in admin_keys, admin_tokens and admin_stats.
#pragma once

#include "app/exchange.hpp"
#include "json/writer.hpp"

namespace edgepool::app {

Task<void> serve_admin(Exchange& exchange);

// What a route is called with: the provider it means, and its body.
struct AdminCall {
    ProviderState* state = nullptr;
    json::Json body;   // an object; empty when the request has no body
    std::string text;  // the body as it came, for a route that reads it itself

    enum class Stream : std::uint8_t { none, lines, pages };
    Stream stream = Stream::none;  // what has gone out already (answer_stream.hpp)
};

// A route's work: the JSON to answer with, or the error.
using AdminAnswer = Result<std::string>;

// The provider of a body, else of the query.
Result<ProviderState*> admin_provider(Exchange& exchange, const json::Json& body);

// Begins {"provider": ...}, the arguments of a database call; admin_database() ends it.
json::Writer arguments_for(const ProviderState& state);

// The database call of an administration route. What the database refuses is the caller's to mend: bad_request.
Task<Result<json::Json>> admin_database(Exchange& exchange, std::string_view function, json::Writer arguments);

// The page asked for by ?page= and ?pageSize= (from 1; at most limits::kMaxPageSize rows). Error: bad_request naming the parameter.
struct PageRequest {
    std::uint32_t page = 1;
    std::uint32_t page_size = 50;
};
Result<PageRequest> page_of_query(const Exchange& exchange);

// Error: bad_request naming the parameter of ?status=, ?search= and ?sort= that the database could not even read.
Result<std::monostate> check_filters(const Exchange& exchange);

// Writes total, page, pageSize and totalPages.
void write_paging(json::Writer& out, const PageRequest& page, std::int64_t total);

// Writes a time of a database row as ISO 8601, or null.
void write_iso(json::Writer& out, std::string_view name, const json::Json& row, const char* column);

// Writes the figures of a key's or token's row under the guide's column names.
void write_figures(json::Writer& out, const json::Json& row);

// {success, <counter>, message} from a database answer that counts what it touched.
std::string touched_body(const json::Json& answer, const char* counter, std::string_view done_message, std::string_view none_message);

// The rows of a database answer, or null.
const json::Json* rows_of(const json::Json& answer, const char* name);

}  // namespace edgepool::app
