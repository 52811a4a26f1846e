// One isolate of the simulation: the product's pool and accumulator, a clock of its own, and what it still has to send.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "base/random.hpp"
#include "keys/key_pool.hpp"
#include "sim/ledger.hpp"
#include "stats/accumulator.hpp"

namespace edgepool::sim {

struct Isolate {
    Isolate(int isolate_number, keys::Strategy strategy, std::uint64_t seed) : number(isolate_number), pool(strategy), random(seed) {}

    double clock(double true_ms) const { return true_ms + clock_offset_ms; }

    int number;
    keys::KeyPool pool;
    Random random;
    Ledger ledger;
    stats::Accumulator counts;
    std::deque<stats::Batch> outbox;
    bool is_alive = true;
    bool is_loaded = false;
    bool is_refreshing = false;
    bool is_sending = false;
    bool flush_is_due = false;
    bool clock_has_stepped = false;  // and the database has not been asked since
    double clock_offset_ms = 0;
    double loaded_ms = -1e18;
    double refreshed_ms = -1e18;
    double db_since_ms = 0;
    std::uint64_t batches = 0;
    std::map<std::string, int> probing;  // probes under way, by key
};

}  // namespace edgepool::sim
