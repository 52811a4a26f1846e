#include "keys/strategy.hpp"

namespace edgepool::keys {

std::optional<Strategy> parse_strategy(std::string_view name) {
    if (name == "p2c") return Strategy::p2c;
    if (name == "round_robin") return Strategy::round_robin;
    if (name == "random") return Strategy::random;
    if (name == "affinity") return Strategy::affinity;
    return std::nullopt;
}

}  // namespace edgepool::keys
