#include "keys/places.hpp"

#include <algorithm>
#include <utility>

namespace edgepool::keys {

PlaceNumber Places::open(const Place& place) {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(rows_.size()));
        rows_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    Row& row = rows_[index];
    row.place = place;
    row.taken = true;
    return {index, row.generation};
}

std::optional<Place> Places::close(PlaceNumber number) {
    if (number.index >= rows_.size()) return std::nullopt;
    Row& row = rows_[number.index];
    if (!row.taken || row.generation != number.generation) return std::nullopt;
    row.taken = false;
    ++row.generation;
    free_.push_back(number.index);
    return row.place;
}

std::uint32_t Places::end_probe(PlaceNumber number) {
    if (number.index >= rows_.size()) return 0;
    Row& row = rows_[number.index];
    if (!row.taken || row.generation != number.generation) return 0;
    return std::exchange(row.place.probe, 0);
}

std::optional<Place> Places::sweep(double now_ms, std::size_t most) {
    for (std::size_t i = std::min(most, rows_.size()); i > 0; --i) {
        cursor_ = cursor_ + 1 < rows_.size() ? cursor_ + 1 : 0;
        Row& row = rows_[cursor_];
        if (!row.taken) continue;
        row.place.taken_ms = std::min(row.place.taken_ms, now_ms);  // the clock may have been set back
        const double lifetime_ms = row.place.probe != 0 ? kProbePatienceMs : kLifetimeMs;
        if (now_ms - row.place.taken_ms < lifetime_ms) continue;
        return close({static_cast<std::uint32_t>(cursor_), row.generation});
    }
    return std::nullopt;
}

}  // namespace edgepool::keys
