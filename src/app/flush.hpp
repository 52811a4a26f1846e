// Getting counts and verdicts into the database: one batch at a time, retried with the same id until it is acknowledged.
//
// Whoever adds to the accumulator calls schedule_flush(); one flow per provider then waits for the window to pass and sends. Promises
// are leases in time: a flow that dies with its request is replaced by the next request's. No flow outlives limits::kLongestFlushFlowMs,
// after which the platform might end it in the middle of a call: what it could not send stays for the next request's.
#pragma once

#include "app/app.hpp"

namespace edgepool::app {

// Makes sure that what is in the accumulator will be sent within the window.
void schedule_flush(App& app, ProviderState& state);

// The same within the longest window: for refusals alone, of which a flood must not become a flood of database calls.
void schedule_lazy_flush(App& app, ProviderState& state);

// The same without waiting: for verdicts that other isolates should know.
void schedule_urgent_flush(App& app, ProviderState& state);

// Sends now what has been counted so far; what is counted while it sends waits for its window. True when nothing of it is left unsent.
// Errors are logged, not returned: what is unsent stays for the next flush.
Task<bool> flush_now(App& app, host::Session& session, ProviderState& state);

// Cuts all counts into the outbox, open requests included, and gives it as wire bytes; for an instance that is about to be thrown away.
// Wire: provider id NUL batch id NUL arguments NUL, repeated.
std::string salvage_counts(App& app);

// Takes over what salvage_counts() gave. Batches keep their ids, so what the dead instance had sent already counts once.
void adopt_salvage(App& app, std::string_view wire);

}  // namespace edgepool::app
