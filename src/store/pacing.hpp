// How often one isolate may turn to the database, from how crowded the database says it is. Each flush is answered with a window for the
// next one, chosen so that all isolates together flush some 30 times a second: with n isolates it is n / 30 s. Everything else that an
// isolate asks on its own account is a multiple of that window, so that all of it together stays below 50 calls a second with hundreds of
// isolates, and a lone isolate is as quick as it can be. Not here: what is asked for a client that waits.
#pragma once

#include <cstdint>

#include "base/random.hpp"

namespace edgepool::store {

// The flush window after this one, where the database asks for `hint_ms`: longer at once, shorter by a quarter each time, so that isolates that
// are told of a calm moment do not all come in the next.
std::uint32_t next_window_ms(std::uint32_t window_ms, std::uint32_t hint_ms);

// Between two looks at what other isolates have changed.
double refresh_interval_ms(std::uint32_t window_ms);

// Between two attempts to fill a working set that has run dry, and between two verdicts that are sent without waiting for the flush.
double urgent_interval_ms(std::uint32_t window_ms);

// After so many failures in a row (1 and more).
double failure_pause_ms(std::uint32_t window_ms, std::uint32_t failures);

// Up to a fifth less, so that isolates that began together drift apart.
double jittered_ms(double span_ms, Random& random);

}  // namespace edgepool::store
