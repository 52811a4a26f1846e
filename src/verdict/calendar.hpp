// Dates as providers write them, to milliseconds since the epoch. Text that is not of the form, or names no real date, gives nullopt.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace edgepool::verdict {

// RFC 3339 / ISO 8601 with date and time: "2026-11-30T00:00:00Z", ".123", "+08:00", a blank for the T; without a zone it is UTC.
std::optional<double> parse_rfc3339(std::string_view text);

// RFC 9110: "Mon, 30 Nov 2026 00:00:00 GMT", and the two obsolete forms. The weekday is not checked.
std::optional<double> parse_http_date(std::string_view text);

// A number without sign: digits, then perhaps a fraction. No exponent; at most 15 digits before the point.
std::optional<double> parse_plain_number(std::string_view text);

enum class Period : std::uint8_t { day, week, month };

// The first start of a UTC day, week (Monday) or month after `now_ms`.
double next_start(Period period, double now_ms);

}  // namespace edgepool::verdict
