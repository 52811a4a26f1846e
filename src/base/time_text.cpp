#include "base/time_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace edgepool {
namespace {

constexpr double kLastMs = 253402300799999.0;  // 9999-12-31T23:59:59.999Z

struct Civil {
    std::int64_t year;
    unsigned month, day, hour, minute, second, millisecond;
};

// Howard Hinnant's civil_from_days (chrono-compatible low-level date algorithms).
Civil civil_of(double ms) {
    const auto total = static_cast<std::int64_t>(std::clamp(std::isfinite(ms) ? std::floor(ms) : 0.0, 0.0, kLastMs));
    const std::int64_t days = total / 86'400'000;
    const auto in_day = static_cast<unsigned>(total % 86'400'000);
    const std::int64_t z = days + 719'468;
    const std::int64_t era = z / 146'097;
    const auto day_of_era = static_cast<unsigned>(z - era * 146'097);
    const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted_month = (5 * day_of_year + 2) / 153;
    Civil civil{};
    civil.day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    civil.month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    civil.year = static_cast<std::int64_t>(year_of_era) + era * 400 + (civil.month <= 2 ? 1 : 0);
    civil.hour = in_day / 3'600'000;
    civil.minute = in_day / 60'000 % 60;
    civil.second = in_day / 1000 % 60;
    civil.millisecond = in_day % 1000;
    return civil;
}

void append_padded(std::string& out, std::int64_t value, int width) {
    std::string digits = std::to_string(value);
    while (static_cast<int>(digits.size()) < width) digits.insert(digits.begin(), '0');
    out += digits;
}

std::string date_and_time(const Civil& civil) {
    std::string out;
    append_padded(out, civil.year, 4);
    out += '-';
    append_padded(out, civil.month, 2);
    out += '-';
    append_padded(out, civil.day, 2);
    out += 'T';
    append_padded(out, civil.hour, 2);
    out += ':';
    append_padded(out, civil.minute, 2);
    out += ':';
    append_padded(out, civil.second, 2);
    return out;
}

}  // namespace

std::string iso8601_utc(double ms) {
    const Civil civil = civil_of(ms);
    std::string out = date_and_time(civil);
    out += '.';
    append_padded(out, civil.millisecond, 3);
    return out + 'Z';
}

std::string iso8601_utc_seconds(double ms) { return date_and_time(civil_of(ms)) + 'Z'; }

std::string iso8601_with_offset(double ms, int offset_minutes) {
    std::string out = date_and_time(civil_of(ms + offset_minutes * 60'000.0));
    out += offset_minutes < 0 ? '-' : '+';
    append_padded(out, std::abs(offset_minutes) / 60, 2);
    out += ':';
    append_padded(out, std::abs(offset_minutes) % 60, 2);
    return out;
}

std::string clock_label(double ms, int offset_minutes) {
    const Civil civil = civil_of(ms + offset_minutes * 60'000.0);
    std::string out;
    append_padded(out, civil.hour, 2);
    out += ':';
    append_padded(out, civil.minute, 2);
    return out;
}

int day_of_month_utc(double ms) { return static_cast<int>(civil_of(ms).day); }

}  // namespace edgepool
