// Numbers of upstream answers as exact integers: money in nano-dollars, counts of tokens. No floating point.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace edgepool::json {

// What larger numbers become: far above any true figure of one answer, far below what sums of answers could overflow.
inline constexpr std::int64_t kMostOfOneNumber = 1'000'000'000'000'000;

// A JSON number of dollars, exponent included, as nano-dollars; half a nano-dollar rounds up.
// nullopt when it is no JSON number or below zero.
std::optional<std::int64_t> decimal_to_nano(std::string_view number_text);

// A JSON number as a count, rounded the same way. nullopt when it is no JSON number or below zero.
std::optional<std::int64_t> decimal_to_count(std::string_view number_text);

}  // namespace edgepool::json
