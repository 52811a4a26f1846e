// Whether an authenticated client may make this request now: its token's scope, budgets and rates, and everybody's rate. The rules are in
// limits/; this brings them together with what the isolate has counted. A refused request is not counted as one; by its limit it is counted among the refusals (/metrics).
#pragma once

#include <string>

#include "app/exchange.hpp"
#include "usage/usage.hpp"

namespace edgepool::app {

// ENABLE_RATE_LIMIT, by address: before a token is looked at. Error: rate_limited.
Task<Result<std::monostate>> admit_address(Exchange& exchange);

struct Wanted {
    std::string model;                   // empty: a list or the like, which uses nothing of a budget
    std::string_view other_models = {};  // the body's member that names further models, which the provider would take; empty = none
};

// What is admitted is charged to the rates, and the exchange's answers tell what is left. Errors: forbidden, budget_spent, rate_limited.
Task<Result<std::monostate>> admit(Exchange& exchange, ProviderState& state, const auth::Token& token, Wanted wanted);

// Whether the limits of the token that was admitted allow another model, maybe of another provider.
bool may_use(const Exchange& exchange, const ProviderState& state, std::string_view model);

// Charges what an admitted request has used, once it is counted.
void charge_limits(Exchange& exchange, ProviderState& state, const std::string& token_hash, const usage::Usage& usage);

}  // namespace edgepool::app
