// What the provider's key-information route says about a key. Asking costs nothing and generates nothing, so a probe can never bench a
// key for a model's sake. Rate limits of the route itself and failures of the service leave the key as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "provider/provider.hpp"
#include "verdict/verdict.hpp"

namespace edgepool::verdict {

struct ProbeReading {
    enum class Standing : std::uint8_t {
        good,
        spent,       // until until_ms
        refused,     // the key is not valid
        expired,
        unsuitable,  // valid, but not to be pooled
        unknown      // the answer says nothing about the key
    };
    Standing standing = Standing::unknown;
    std::string reason;  // stable, snake_case; empty when good
    double until_ms = 0;
    std::optional<double> remaining;  // quota left, 0..1
    std::optional<std::int64_t> used_nano;  // what the key has cost since its first day, in nano-dollars, as the provider counts
    std::optional<double> expires_ms;
    bool disable = false;  // refused for good
    std::string evidence;
};

// "good", "spent", ...
std::string_view standing_name(ProbeReading::Standing standing);

ProbeReading read_probe(const Provider& provider, const Answer& answer, double now_ms);

}  // namespace edgepool::verdict
