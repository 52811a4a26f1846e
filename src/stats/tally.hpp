// Counters that move only by addition. One client request that reached a key counts once for its model, hour and token; every attempt
// counts once for the key that made it. The figures leave the isolate as a Batch, which the database applies exactly once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "keys/working_set.hpp"
#include "usage/usage.hpp"

namespace edgepool::stats {

struct Tally {
    std::int64_t requests = 0;
    std::int64_t success = 0;
    std::int64_t failure = 0;
    std::int64_t prompt = 0;      // tokens
    std::int64_t completion = 0;  // tokens
    std::int64_t cached = 0;      // tokens, part of prompt
    std::int64_t reasoning = 0;   // tokens, part of completion
    std::int64_t estimated = 0;   // how many of prompt + completion are estimates
    std::int64_t cost_nano = 0;   // nano-dollars, as the provider reported

    void count(bool succeeded, const usage::Usage& usage);
    void add(const Tally& other);
};

struct ModelTally : Tally {
    std::string model;
    double hour_ms = 0;  // start of the UTC hour
    std::int64_t latency_ms = 0;     // from a request's arrival to its answer's first byte, added up over
    std::int64_t latency_count = 0;  // the successes of which that is known
};

struct TokenTally : Tally {
    std::string hash;
    double last_used_ms = 0;
};

struct KeyTally : Tally {
    std::string id;
    double last_used_ms = 0;
    std::optional<double> last_success_ms;
    std::optional<double> last_failure_ms;
    std::int64_t fails = 0;    // failures since the last success of this batch, or of all the batch when it has none
    bool fails_reset = false;  // a success in this batch came before those failures
};

// Requests refused before a key was tried.
struct RefusalTally {
    std::string kind;  // the error's name
    std::int64_t count = 0;
};

struct Batch {
    std::string id;    // 32 hex digits, unique for ever
    double at_ms = 0;  // when it was cut
    std::vector<ModelTally> models;
    std::vector<TokenTally> tokens;
    std::vector<KeyTally> keys;
    std::vector<keys::VerdictRecord> verdicts;
    std::vector<RefusalTally> refusals;

    std::size_t rows() const { return models.size() + tokens.size() + keys.size() + verdicts.size() + refusals.size(); }
};

}  // namespace edgepool::stats
