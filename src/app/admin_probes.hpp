// Work on keys that asks the provider about each: POST /admin/keys/health-check, and keys that are let in only when the provider knows
// them. One call asks about limits::kProbesPerCall keys; `cursor` in the answer says where the next call goes on, null that there is none.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

// {ids?, cursor?}. Without ids: all keys but those turned off. What is learnt is recorded like any verdict; a bench is lifted by a good
// answer only when the key was named.
Task<AdminAnswer> check_keys(Exchange& exchange, AdminCall& call);

// What keys that were added held back are held with, in place of a reason.
inline constexpr std::string_view kAwaitingValidation = "awaiting_validation";

struct Validation {
    std::int64_t checked = 0, valid = 0, unknown = 0;
    json::Writer refused;  // [{id, reason}]: these are removed
    std::string cursor;
};

// Asks about at most `budget` held keys from `cursor` on: good ones go into service, refused ones go, those the provider says nothing
// about stay held.
Task<Result<Validation>> validate_held(Exchange& exchange, AdminCall& call, ProviderState& state, std::string cursor, std::size_t budget);

// Error: bad_request naming "cursor".
Result<std::string> cursor_of(const json::Json& body);

}  // namespace edgepool::app
