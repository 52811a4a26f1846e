// Client tokens: made, listed, changed, given a new secret, removed. A secret is shown once, when it is made; the database keeps its hash
// and a hint. A token is known by the hash of its first secret; routes that address one take that hash, or a secret that is valid.
#pragma once

#include "app/admin.hpp"

namespace edgepool::app {

Task<AdminAnswer> list_tokens(Exchange& exchange, AdminCall& call);
Task<AdminAnswer> create_token(Exchange& exchange, AdminCall& call);
Task<AdminAnswer> change_token(Exchange& exchange, AdminCall& call);
Task<AdminAnswer> rotate_token(Exchange& exchange, AdminCall& call);
Task<AdminAnswer> remove_token(Exchange& exchange, AdminCall& call);

}  // namespace edgepool::app
