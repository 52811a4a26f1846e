// A client request that is on its way to a provider: what is sent, which keys were tried, what came of it. Owns the accounting of the
// request, so that it is counted once whichever way it ends. Lives in the frame of the flow that runs the attempts.
//
// Invariants
// 1. begin_attempt() is followed by exactly one end_attempt().
// 2. A journey with at least one attempt is counted by exactly one end_request(); without one it is not counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/exchange.hpp"
#include "stats/accumulator.hpp"
#include "verdict/verdict.hpp"

namespace edgepool::app {

struct Plan {
    std::string method;
    std::string url;
    std::string model;  // counted under this name; empty: a request that is not counted (lists of models and the like)
    host::BodyKind body_kind = host::BodyKind::none;
    std::vector<json::Splice> splices;
    bool streams = false;         // the client asked for a stream
    bool is_generation = false;   // tokens are used, so they are estimated when the answer does not say how many
    std::size_t request_bytes = 0;
    std::string token_hash;
    const CachedAnswer* remembered = nullptr;  // the answer is at hand: nothing is to be sent
    CachedAnswer* remember = nullptr;  // where a whole successful answer is kept for others; owned by the app
};

// A provider's answer that did not serve, kept with the host because it may have to go back to the client as it came.
struct KeptAnswer {
    host::BodyHandle handle = 0;
    int status = 0;
    std::string key_id;
    std::optional<std::string> redacted;  // what to send instead, where the answer names the upstream account
    std::string content_type;
};

class Journey {
public:
    Journey(Exchange& exchange, ProviderState& state, Plan plan) : exchange(exchange), state(state), plan(std::move(plan)) {}
    Journey(const Journey&) = delete;
    Journey& operator=(const Journey&) = delete;

    void begin_attempt(const keys::KeyPool::Ticket& ticket);

    // The key did its work.
    void end_attempt(const keys::KeyPool::Ticket& ticket, const usage::Usage& usage, double latency_ms);

    // It did not; judges, benches and gives the verdict. `usage` is what had been used until it failed.
    verdict::Verdict end_attempt(const keys::KeyPool::Ticket& ticket, const verdict::Answer& answer, const usage::Usage& usage = {});

    // The client is receiving the provider's success; a half-open key opens.
    void commit(const keys::KeyPool::Ticket& ticket);

    void end_request(stats::RequestEnd end, const usage::Usage& usage);

    double attempt_ms() const { return exchange.app.now_ms - attempt_began_ms_; }

    Exchange& exchange;
    ProviderState& state;
    const Plan plan;
    std::vector<std::string> tried;    // ids of keys, in order
    std::optional<KeptAnswer> kept;
    verdict::Transport last_transport = verdict::Transport::answered;

private:
    void persist(std::vector<keys::VerdictRecord> verdicts);
    void note_incident();
    void settle(const keys::KeyPool::Ticket& ticket, const keys::KeyPool::Outcome& outcome);

    double attempt_began_ms_ = 0;
    std::optional<double> first_byte_ms_;  // from the request's arrival until the client's answer could begin
    std::uint64_t open_number_ = 0;
};

}  // namespace edgepool::app
