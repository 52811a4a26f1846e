// A client request that is on its way to a provider: what is sent, which keys were tried, what came of it. It begins with the model that
// the client named and may turn to others that the operator named as fallbacks, also of another provider. Owns the accounting of the
// request, so that it is counted once whichever way it ends. Lives in the frame of the flow that runs the attempts.
//
// Invariants
// 1. begin_attempt() is followed by exactly one end_attempt(), or by withdraw_attempt().
// 2. A journey with at least one attempt is counted by exactly one end_request(); without one it is not counted.
//    One that is destroyed before its end (a flow that the host gave up) ends then: as a failure that blames no key.
// 3. Model, hour and total are counted for the provider whose answer the client gets; the token's use always for the token's provider.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/exchange.hpp"
#include "json/request_facts.hpp"
#include "stats/accumulator.hpp"
#include "verdict/verdict.hpp"

namespace edgepool::app {

inline constexpr std::string_view kOutOfTime = "the request took longer than the pool allows (REQUEST_TIMEOUT_MS)";

struct Plan {
    std::string method;
    std::string url;
    std::string model;  // as the provider names it; counted under this name; empty: a request that is not counted (lists and the like)
    json::RequestFacts facts;  // of the client's body
    std::span<const config::ModelTarget> fallbacks;  // in the app's configuration
    host::BodyKind body_kind = host::BodyKind::none;
    bool streams = false;         // the client asked for a stream
    std::vector<json::Splice> usage_splices;  // what asks for a stream's usage where the client does not (STREAM_USAGE=exact)
    bool is_generation = false;   // tokens are used, so they are estimated when the answer does not say how many
    std::size_t request_bytes = 0;
    std::string token_hash;
    std::string cache_digest;  // of all that the answer depends on but the token; empty: it is neither looked up nor kept
    bool asks_cache = false;   // it may be answered from the cache
    std::int64_t cache_generation = -1;  // of the cache's entries, as known before the provider was asked; see cache_store.hpp
    const CachedAnswer* remembered = nullptr;  // the answer is at hand: nothing is to be sent
    CachedAnswer* remember = nullptr;  // where a whole successful answer is kept for others; owned by the app
};

// A provider's answer that did not serve, kept with the host because it may have to go back to the client as it came.
struct KeptAnswer {
    host::BodyHandle handle = 0;
    int status = 0;
    std::string key_id;
    ProviderState* state = nullptr;  // whose answer it is
    std::string model;
    bool is_fallback = false;
    bool is_whole = false;           // was read to its end
    std::optional<std::string> redacted;  // what to send instead, where the answer names the upstream account
    std::string content_type;
};

class Journey {
public:
    Journey(Exchange& exchange, ProviderState& home, Plan plan) : exchange(exchange), home(home), state(&home), plan(std::move(plan)) {}
    ~Journey();
    Journey(const Journey&) = delete;
    Journey& operator=(const Journey&) = delete;

    // From here on another model is asked, maybe of another provider, with none of its keys tried.
    void turn_to(ProviderState& next, std::string model);

    // The stream's usage is asked for on the client's behalf, and to be hidden from it.
    bool hides_usage() const { return !plan.usage_splices.empty() && !state->provider->usage_always_in_stream; }

    bool has_fallback() const { return fallbacks_taken < plan.fallbacks.size(); }

    // What of the client's body is not sent as it came.
    std::vector<json::Splice> splices() const;

    void begin_attempt(const keys::KeyPool::Ticket& ticket);

    // Nothing was sent with the key: the client had left before. It was no attempt.
    void withdraw_attempt(const keys::KeyPool::Ticket& ticket);

    // The key did its work.
    void end_attempt(const keys::KeyPool::Ticket& ticket, const usage::Usage& usage, double latency_ms);

    // It did not; judges, benches and gives the verdict. `usage` is what had been used until it failed.
    verdict::Verdict end_attempt(const keys::KeyPool::Ticket& ticket, const verdict::Answer& answer, const usage::Usage& usage = {});

    // The client is receiving the provider's success; a half-open key opens.
    void commit(const keys::KeyPool::Ticket& ticket);

    void end_request(stats::RequestEnd end, const usage::Usage& usage);

    double attempt_ms() const { return exchange.app.now_ms - attempt_began_ms_; }

    // The time for the whole request has passed.
    bool is_out_of_time() const { return exchange.left_of(exchange.app.config.timeouts.request_ms) <= 1; }

    Exchange& exchange;
    ProviderState& home;   // of the token
    ProviderState* state;  // of the model that is asked now
    Plan plan;
    std::vector<std::string> tried;    // ids of keys for the present model, in order
    std::size_t attempts = 0;          // for all models
    std::size_t fallbacks_taken = 0;   // of plan.fallbacks
    bool is_fallback = false;          // the present model, or the answer that is forwarded, is one of them
    std::optional<Error> shortage;     // why no key could be had for the first model
    std::optional<KeptAnswer> kept;
    verdict::Transport last_transport = verdict::Transport::answered;

private:
    void note_incident();
    void settle(const keys::KeyPool::Ticket& ticket, const keys::KeyPool::Outcome& outcome);

    std::optional<keys::KeyPool::Ticket> open_;  // of the attempt under way
    double attempt_began_ms_ = 0;
    std::optional<double> first_byte_ms_;  // from the request's arrival until the client's answer could begin
    std::uint64_t open_number_ = 0;
};

}  // namespace edgepool::app
