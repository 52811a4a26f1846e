// The door of administration and of the metrics: who carries the token may pass, and an address that guesses is made to wait.
#pragma once

#include <initializer_list>
#include <variant>

#include "app/exchange.hpp"

namespace edgepool::app {

// Ok when the request carries the token of one of `token_hashes`; `hint` says to everybody else what to send.
// Errors: invalid_admin_token; rate_limited for an address that was wrong too often in a row, whatever it carries.
Result<std::monostate> admit_operator(Exchange& exchange, std::initializer_list<std::string_view> token_hashes, std::string_view hint);

}  // namespace edgepool::app
