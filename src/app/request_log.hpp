// One line of JSON in the log for a request that is over, as LOG_REQUESTS asks for it. Every text that a client or provider chose is cut
// and escaped, so a line is always one line and always JSON.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

// The path is the client's text and may hold what it should not: the route's own pattern stands for it.
std::string_view route_pattern(const Routing& routing);

// "answered", "success", ...
std::string_view outcome_name(RequestOutcome outcome);

// What is left open while a request is served is decided here: an answer that nobody could be given, an error before any key.
RequestOutcome outcome_of(const RequestRecord& record);

// True for what LOG_REQUESTS=errors logs.
bool is_error_line(const RequestRecord& record);

std::string request_line(const Exchange& exchange);

void log_request(Exchange& exchange);

}  // namespace edgepool::app
