#include "app/percent.hpp"

namespace edgepool::app {
namespace {

// Hundredths of a percent, rounded half up; in two steps, so that counters near 2^63 do not overflow.
std::int64_t basis_points(std::int64_t part, std::int64_t whole) {
    if (whole <= 0) return 0;
    const std::int64_t scale = whole > 400'000'000'000'000 ? 1'000'000 : 1;
    return ((part / scale) * 20'000 + whole / scale) / (2 * (whole / scale));
}

}  // namespace

std::string percent_text(std::int64_t part, std::int64_t whole) {
    const std::int64_t points = basis_points(part, whole);
    const std::string cents = std::to_string(points % 100);
    return std::to_string(points / 100) + "." + (cents.size() < 2 ? "0" : "") + cents;
}

}  // namespace edgepool::app
