// How much happened in the last while, in thirteen slots of a twelfth of the window each: constant memory, and never more than the
// limit within any window, because a slot counts until all of it has left. That makes the window up to a twelfth longer than it says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace edgepool::limits {

inline constexpr std::size_t kSlotsOfAWindow = 13;  // twelve whole ones and the one under way
using SlotCounts = std::array<std::int64_t, kSlotsOfAWindow>;  // oldest first; the last one is under way

double slot_ms(double window_ms);
std::int64_t slot_at(double now_ms, double window_ms);

std::int64_t sum_of(const SlotCounts& counts);

// Milliseconds until the sum has fallen below `most`, if nothing is added; 0 when it is.
double wait_ms(const SlotCounts& counts, double now_ms, double window_ms, std::int64_t most);

class SlidingWindow {
public:
    explicit SlidingWindow(double window_ms) : window_ms_(window_ms) {}

    // A clock that was set back counts as standing still.
    void add(double now_ms, std::int64_t amount);
    SlotCounts counts(double now_ms) const;

    double window_ms() const { return window_ms_; }
    std::int64_t newest_slot() const { return newest_; }

private:
    double window_ms_;
    std::int64_t newest_ = 0;  // the slot of the last count
    SlotCounts counts_{};
};

}  // namespace edgepool::limits
