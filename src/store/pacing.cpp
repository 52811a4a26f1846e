#include "store/pacing.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace edgepool::store {
namespace {

constexpr double kWindowsPerRefresh = 8;        // 30 flushes a second come with 4 refreshes, and leave room for reloads
constexpr double kShortestUrgentMs = 1'000;
constexpr std::uint32_t kMostDoublings = 5;

}  // namespace

std::uint32_t next_window_ms(std::uint32_t window_ms, std::uint32_t hint_ms) { return std::max(hint_ms, window_ms - window_ms / 4); }

double refresh_interval_ms(std::uint32_t window_ms) { return std::max<double>(limits::kWorkingSetFreshMs, kWindowsPerRefresh * window_ms); }

double urgent_interval_ms(std::uint32_t window_ms) { return std::max<double>(kShortestUrgentMs, window_ms); }

double failure_pause_ms(std::uint32_t window_ms, std::uint32_t failures) {
    const std::uint32_t doublings = std::min(failures, kMostDoublings + 1) - (failures > 0 ? 1 : 0);
    return std::min<double>(urgent_interval_ms(window_ms) * (1u << doublings), limits::kLongestFailurePauseMs);
}

double jittered_ms(double span_ms, Random& random) { return span_ms * (1 - random.unit() / 5); }

}  // namespace edgepool::store
