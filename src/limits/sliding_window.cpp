#include "limits/sliding_window.hpp"

#include <cmath>

namespace edgepool::limits {

double slot_ms(double window_ms) { return window_ms / static_cast<double>(kSlotsOfAWindow - 1); }

std::int64_t slot_at(double now_ms, double window_ms) { return static_cast<std::int64_t>(std::floor(now_ms / slot_ms(window_ms))); }

std::int64_t sum_of(const SlotCounts& counts) {
    std::int64_t sum = 0;
    for (const std::int64_t count : counts) sum += count;
    return sum;
}

double wait_ms(const SlotCounts& counts, double now_ms, double window_ms, std::int64_t most) {
    std::int64_t left = sum_of(counts);
    if (left < most) return 0;
    std::size_t slot = 0;
    while (slot + 1 < counts.size() && left - counts[slot] >= most) left -= counts[slot++];
    // Slot number `slot` leaves when as many later ones have begun as a window has.
    const auto leaves_at = static_cast<double>(slot_at(now_ms, window_ms) + 1 + static_cast<std::int64_t>(slot));
    const double wait = leaves_at * slot_ms(window_ms) - now_ms;
    return wait < 1 ? 1 : wait;
}

SlotCounts SlidingWindow::counts(double now_ms) const {
    const std::int64_t passed = slot_at(now_ms, window_ms_) - newest_;
    if (passed <= 0) return counts_;
    SlotCounts shifted{};
    const auto by = static_cast<std::size_t>(passed);
    for (std::size_t i = by; passed < static_cast<std::int64_t>(kSlotsOfAWindow) && i < kSlotsOfAWindow; ++i) shifted[i - by] = counts_[i];
    return shifted;
}

void SlidingWindow::add(double now_ms, std::int64_t amount) {
    counts_ = counts(now_ms);
    const std::int64_t slot = slot_at(now_ms, window_ms_);
    if (slot > newest_) newest_ = slot;
    counts_.back() += amount;
}

}  // namespace edgepool::limits
