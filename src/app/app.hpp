// All that an instance of the core knows: configuration, and per provider the keys, tokens and counts that outlive a request.
// Owned by the boundary, one per Wasm instance; flows hold a reference. It is a cache and a buffer: the truth is in the database.
//
// Invariants
// 1. now_ms is set by the boundary at every entry and never moves while the core runs.
// 2. A request that has reached a key is in open_requests until it is counted; what an instance leaves behind when it dies is counted from there.
// 3. Background flows are only ever started through spawn(); the host drives them under the request that spawned them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/token_cache.hpp"
#include "base/random.hpp"
#include "config/config.hpp"
#include "host/session.hpp"
#include "keys/key_pool.hpp"
#include "limits/decision.hpp"
#include "limits/meters.hpp"
#include "limits/refusal_gate.hpp"
#include "provider/provider.hpp"
#include "redis/resp.hpp"
#include "stats/accumulator.hpp"

namespace edgepool::app {

// A batch that was cut and is not yet acknowledged.
struct Outgoing {
    std::string batch_id;
    std::string arguments;  // of pool_record, as JSON text
    std::vector<std::pair<std::string, limits::Spent>> charges;  // by token hash: what it holds of metered tokens
};

// How the accumulator's counts get into the database, one batch at a time. See flush.hpp.
struct FlushState {
    std::deque<Outgoing> outbox;          // the first is the one to send
    double sent_at_ms = 0;                // when the first was last sent; 0 = not under way
    double leader_until_ms = 0;           // a flow has promised to flush before this
    double urgent_until_ms = 0;           // the same for verdicts that must spread soon
    double lazy_until_ms = 0;             // the same for refusals alone
    std::uint32_t window_ms = limits::kFlushWindowMs;
    std::uint32_t failures = 0;           // in a row
};

// An answer kept for other requests.
struct CachedAnswer {
    std::string body;
    double at_ms = 0;     // 0 = none
    double tried_ms = 0;  // when somebody last set out to fetch it
};

// One that a public route gives to everybody. See shared_answer.hpp.
struct SharedAnswer {
    std::string body;
    double at_ms = 0;            // 0 = none
    double shut_until_ms = 0;    // somebody is fetching it, or nobody shall, until then
    std::uint32_t failures = 0;  // in a row
    Error error;                 // why there is none
};

// The response cache of one provider as this isolate knows it.
struct CacheState {
    std::int64_t hits = 0;
    std::int64_t misses = 0;
    std::int64_t kept = 0;
    std::int64_t failures = 0;  // of the cache itself
    double cleared_ms = 0;      // what was kept before is void
    double looked_ms = 0;       // when this location was last asked for a clearing
    std::int64_t generation = -1;  // of entries in Redis, as last seen; -1 = not yet
};

struct ProviderState {
    ProviderState(const Provider& row, const config::ProviderConfig& row_config, keys::Strategy strategy)
        : provider(&row), config(&row_config), pool(strategy) {}

    const Provider* provider;
    const config::ProviderConfig* config;
    keys::KeyPool pool;
    auth::TokenCache tokens;

    bool has_small_set = false;  // the first working set, with more keys there than it holds
    bool loaded = false;            // a working set has been taken at least once
    double loaded_ms = 0;           // when it was last taken whole
    double refreshed_ms = 0;        // when it was last brought up to date
    double refresh_after_ms = limits::kWorkingSetFreshMs;  // that is how old it may get
    double refresh_lease_ms = 0;    // a flow is refreshing until then
    std::uint32_t refresh_failures = 0;  // in a row
    double load_lease_ms = 0;       // a flow is taking a working set until then
    std::uint32_t load_failures = 0;     // in a row
    std::uint32_t dry_reloads = 0;       // in a row that gave no request a key
    double db_since_ms = 0;         // by the database's clock: changes up to here are known
    double load_failed_ms = 0;      // when the last attempt to load failed; 0 = it did not
    Error load_error;
    double benches_heard_ms = 0;    // when other isolates' newest benches were last asked for
    bool in_incident = false;       // as last logged
    std::uint32_t opinions = 0;     // asked for since opinions_since_ms; see second_opinion.hpp
    double opinions_since_ms = 0;
    std::int64_t total = 0;         // keys in the database
    std::int64_t usable = 0;

    limits::Meters meters;  // of the client tokens with budgets
    stats::Accumulator counts;
    FlushState flush;
    CachedAnswer models;
    SharedAnswer public_stats;
    CacheState cache;
};

struct OpenRequest {
    std::size_t provider_index = 0;
    std::size_t token_provider_index = 0;  // another one where a fallback is asked
    std::string token_hash;
    std::string model;
    std::string key_id;          // of the attempt under way; empty between attempts
    bool is_committed = false;   // the client is receiving the provider's success
};

struct LogLine {
    bool is_error = false;
    std::string text;  // one JSON object
};

// Redis as this isolate has met it. See redis.hpp.
struct RedisHealth {
    std::optional<bool> is_reachable;  // at the last attempt
    double shut_until_ms = 0;          // after a failure nobody asks before this
};

class App {
public:
    // `seed` comes from the platform's cryptographic generator: choices and batch ids are drawn from it.
    App(config::Config app_config, std::string_view seed);
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    ProviderState& state_of(const Provider& provider) { return providers[provider_index(provider)]; }

    // 32 hex digits, never given twice by any isolate.
    std::string next_batch_id();

    // 16 hex digits for x-request-id.
    std::string next_request_id();

    void log(bool is_error, std::string json_line);

    // Starts a background flow: make(session) gives its task.
    template <class MakeFlow>
    void spawn(MakeFlow make) {
        auto session = std::make_unique<host::Session>();
        session->prepare(make(*session));
        spawned.push_back(std::move(session));
    }

    const config::Config config;
    std::vector<ProviderState> providers;  // in the order of edgepool::providers()
    Random random;
    double now_ms = 0;
    SharedAnswer health;
    limits::RateTable rates;  // what this isolate has admitted by token and address
    bool has_rate_binding = true;  // until the platform says that there is none
    RedisHealth redis;
    std::vector<redis::Command> redis_outbox;  // what is to be sent in the background
    double redis_outbox_until_ms = 0;          // somebody is sending it
    limits::RefusalGate admin_gate;
    std::map<std::uint64_t, OpenRequest> open_requests;
    std::uint64_t next_open_request = 1;
    std::vector<std::unique_ptr<host::Session>> spawned;  // to be taken by the boundary
    std::vector<LogLine> log_lines;                        // to be taken by the boundary

private:
    std::string batch_seed_;
    std::uint64_t batch_count_ = 0;
};

}  // namespace edgepool::app
