// A promise of one flow that others respect until a moment: "I am refreshing", "I shall flush". A moment further off than any such promise
// can be is none: the clock was set back since it was given.
#pragma once

namespace edgepool {

constexpr bool is_leased(double until_ms, double now_ms, double longest_ms) { return until_ms > now_ms && until_ms - now_ms <= longest_ms; }

}  // namespace edgepool
