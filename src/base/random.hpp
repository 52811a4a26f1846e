// A small seeded generator (xoshiro256**, Blackman and Vigna, public domain) for choices that need no secrecy: which key, which
// slice, how much jitter. Secrets (client tokens) come from the platform's generator through a host operation, never from here.
#pragma once

#include <cstdint>

namespace edgepool {

class Random {
public:
    explicit Random(std::uint64_t seed = 1);

    std::uint64_t next();

    // Uniform in [0, bound); 0 when bound is 0.
    std::uint64_t below(std::uint64_t bound);

    // Uniform in [0, 1).
    double unit();

private:
    std::uint64_t state_[4];
};

}  // namespace edgepool
