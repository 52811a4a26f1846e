// A client's request as the boundary hands it over: everything but the body, which stays with the host until a flow asks for it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/headers.hpp"

namespace edgepool {

struct Request {
    std::string method;  // as sent, e.g. "POST"
    std::string path;    // without query, as sent (still percent-encoded)
    std::string query;   // without "?", as sent
    std::string origin;  // scheme and authority of the URL the client used
    Headers headers;
};

// From the boundary's wire: method NUL url NUL (name NUL value NUL)*.
// Errors: headers_too_large past the bounds of limits.hpp, bad_request when it is not of that form.
Result<Request> decode_request(std::string_view wire);

// The percent-decoded value of the first query parameter `name`, or an empty string; "+" is a blank.
std::string query_value(std::string_view query, std::string_view name);

// Percent-decodes; a "%" that begins no escape stays as it is.
std::string percent_decode(std::string_view text);

// The credential of "Authorization: Bearer <token>", else of "x-api-key", else empty.
std::string_view bearer_credential(const Headers& headers);

}  // namespace edgepool
