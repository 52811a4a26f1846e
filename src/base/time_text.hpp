// Times as text (ISO 8601 / RFC 3339), from milliseconds since the epoch. Years 1970 to 9999; what lies outside is clamped.
#pragma once

#include <string>

namespace edgepool {

// "2026-01-01T00:00:00.000Z"
std::string iso8601_utc(double ms);

// "2026-01-01T00:00:00Z"
std::string iso8601_utc_seconds(double ms);

// "2026-01-01T08:00:00+08:00"
std::string iso8601_with_offset(double ms, int offset_minutes);

// "08:00", the wall clock of that offset.
std::string clock_label(double ms, int offset_minutes);

// 1 to 31.
int day_of_month_utc(double ms);

}  // namespace edgepool
