// One client request on its way through the flows, and the ways of answering it. Lives in the frame of the root flow.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include "app/app.hpp"
#include "app/request_record.hpp"
#include "app/router.hpp"
#include "http/request.hpp"
#include "json/dom.hpp"

namespace edgepool::app {

struct Exchange {
    App& app;
    host::Session& session;
    Request request;
    Routing routing;
    std::string request_id;
    double began_ms = 0;
    std::shared_ptr<const limits::TokenLimits> bounds;  // of the token that was admitted; null = none
    Headers limit_headers;      // what a token with limits has left; every answer carries them
    limits::UnderWay under_way;  // counts in the token's budget until the request is over
    RequestRecord record;

    Dialect dialect() const { return routing.dialect; }

    // Milliseconds left of `limit_ms` since the request began, at least 1.
    std::uint32_t left_of(std::uint32_t limit_ms) const;
};

// Headers that every answer of ours carries: x-request-id, CORS, and no caching.
Headers common_headers(const Exchange& exchange);

// True when the request carries the token of that hash, which may be empty: then nothing does. Takes the same time whatever it carries.
bool carries_token(const Exchange& exchange, std::string_view token_hash);

// Answers in JSON.
Task<void> answer_json(Exchange& exchange, int status, std::string body);

// Answers with an error in the caller's dialect; 429 and 503 carry Retry-After.
Task<void> answer_error(Exchange& exchange, Error error);

// Reads the client's body whole within MAX_BODY_BYTES. Errors: body_too_large, request_timeout, body_unreadable, client_gone.
Task<Result<std::string>> read_body(Exchange& exchange);

// One database call; `arguments` is JSON text. Errors as store::read_rpc_answer; storage_unavailable when it cannot be reached or is too
// slow; client_gone, which is no reason for other requests to think ill of the database. Past `deadline_ms` it is given up.
Task<Result<json::Json>> call_database(App& app, host::Session& session, std::string_view function, std::string arguments,
                                       double deadline_ms = HUGE_VAL);

}  // namespace edgepool::app
