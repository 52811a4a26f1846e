// Room for one more entry in a bounded map: when it is full, the older half goes, by the times that `since` tells. Rare and linear, so
// that putting an entry in stays cheap.
#pragma once

#include <algorithm>
#include <cstddef>

namespace edgepool {

template <class Map, class Since>
void make_room(Map& map, std::size_t most, Since since) {
    if (map.size() < most) return;
    double oldest = since(map.begin()->second), newest = oldest;
    for (const auto& entry : map) {
        oldest = std::min(oldest, since(entry.second));
        newest = std::max(newest, since(entry.second));
    }
    const double middle = oldest + (newest - oldest) / 2;
    std::size_t to_drop = map.size() / 2 + 1;
    for (auto at = map.begin(); at != map.end() && to_drop > 0;) {
        if (since(at->second) <= middle) {
            at = map.erase(at);
            --to_drop;
        } else {
            ++at;
        }
    }
}

}  // namespace edgepool
