// How a key is chosen among those that can serve (the operator's KEY_STRATEGY).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace edgepool::keys {

enum class Strategy : std::uint8_t {
    p2c,          // the better of two drawn at random, by load, recent failures and quota left
    round_robin,  // the one that has waited longest
    random,
    affinity  // the same client keeps its key while it can serve: upstream prompt caches stay warm
};

// "p2c", "round_robin", "random" or "affinity".
std::optional<Strategy> parse_strategy(std::string_view name);

}  // namespace edgepool::keys
