// When an answer says that its refusal ends. Providers state it in seconds, as a date, as an epoch in seconds or milliseconds, as the
// name of a period, in a header or in the body, and sometimes wrongly: what lies in the past or more than a year away is not believed,
// what lies more than limits::kLongestBenchMs away is cut to that.
#pragma once

#include <optional>
#include <string_view>

#include "verdict/error_facts.hpp"

namespace edgepool::verdict {

// The first believable statement in that order; nullopt when there is none.
std::optional<double> stated_reset(Resets order, const ErrorFacts& facts, const Headers* headers, double now_ms);

// Retry-After: seconds (perhaps with a fraction) or an HTTP date.
std::optional<double> retry_after_time(std::string_view value, double now_ms);

// X-RateLimit-Reset: epoch in milliseconds or in seconds, or seconds from now, told apart by size; or an RFC 3339 time.
std::optional<double> ratelimit_reset_time(std::string_view value, double now_ms);

}  // namespace edgepool::verdict
