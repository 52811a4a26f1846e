// One key of the working set: where it stands in its life and what recent attempts have shown. Rules of its own only; what concerns
// several keys is the pool's.
//
//   open -> benched -> (its time passes) -> half_open -> probing -> open, ramping up
//                                               ^____________|  inconclusive, or benched again
//   disabled: until the database says otherwise
// Times are by the database's clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/working_set.hpp"

namespace edgepool::keys {

enum class Phase : std::uint8_t { open, half_open, probing, benched, disabled };

// A key's bench for one model or, as "*<suffix>", for a family of them.
struct PairBench {
    std::string model;
    std::string reason;
    double until_ms = 0;
    double at_ms = 0;
};

struct KeySlot {
    static constexpr int kRefusalsToDisable = 3;  // in a row
    static constexpr double kCoolOffMs = 15'000;  // a bench up to this needs no probe afterwards, and nobody else is told
    static constexpr int kFullRamp = 32;           // attempts at once from which a recovering key counts as recovered
    static constexpr std::size_t kMostPairs = 64;  // per-model benches remembered per key
    static constexpr double kCeilingRestMs = 600'000;  // without a concurrency refusal for so long, one more place is tried
    static constexpr int kCeilingForgotten = 256;      // a ceiling raised to this is none

    std::string id;
    std::string secret;
    std::uint32_t generation = 0;
    std::uint32_t bench_version = 1;  // tells which entry of the pool's queue of benches is the valid one
    bool taken = false;               // false: the slot is free

    Phase phase = Phase::open;
    std::string reason;        // of the bench
    double until_ms = 0;       // of the bench
    double at_ms = 0;          // of the newest verdict
    bool is_local = false;     // that verdict was made here
    bool needs_probe = false;  // after the bench: half-open first
    std::uint32_t probe = 0;   // number of the latest probe

    int refusals = 0;
    double refused_at_ms = 0;
    int in_flight = 0;
    int ramp = 0;  // 0 = not ramping up; else the places allowed
    std::optional<int> ceiling;
    double ceiling_at_ms = 0;  // when it was learned or last raised

    double failure_rate = 0;  // of recent attempts, 0..1
    double failure_at_ms = 0;
    double latency_ms = 0;
    double succeeded_at_ms = 0;  // 0 = never here
    bool has_failed = false;     // was in trouble when it came, or has been refused here
    std::optional<double> remaining;
    std::optional<double> expires_ms;
    std::vector<PairBench> pairs;
};

// Places that the key has: the least of ceiling and ramp.
int place_limit(const KeySlot& slot);

// Its share in the choice, 0..1, from quota left and recent failures; never 0, so that no key starves.
double health(const KeySlot& slot, double now_ms);

// The bench of the key that covers `model` and has not passed; nullptr when there is none.
const PairBench* bench_for(const KeySlot& slot, std::string_view model, double now_ms);

// Adds or renews; an older verdict changes nothing. Drops what has passed.
void bench_pair(KeySlot& slot, PairBench bench, double now_ms);

void note_result(KeySlot& slot, bool succeeded, double latency_ms, double now_ms);

// A refusal for concurrency while `in_flight` attempts ran, this one among them; true when the ceiling is lower than before.
bool lower_ceiling(KeySlot& slot, int in_flight, double now_ms);

// After a success; true when the ceiling was given up.
bool relax_ceiling(KeySlot& slot, double now_ms);

}  // namespace edgepool::keys
