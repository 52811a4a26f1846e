// Client tokens: made, listed, removed. A token is shown once, when it is made; the database keeps its hash and a hint.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

Task<AdminAnswer> list_tokens(Exchange& exchange, AdminCall& call);
Task<AdminAnswer> create_token(Exchange& exchange, AdminCall& call);
Task<AdminAnswer> remove_token(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
