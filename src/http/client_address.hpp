// Where a request comes from, as the platform says: a header that it sets, whatever the client sends. Empty when there is none, as in
// local development.
#pragma once

#include <string_view>

#include "http/request.hpp"

namespace edgepool {

inline std::string_view client_address(const Request& request) { return request.headers.get("cf-connecting-ip"); }

}  // namespace edgepool
