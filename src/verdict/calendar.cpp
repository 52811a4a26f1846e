#include "verdict/calendar.hpp"

#include <array>
#include <cmath>

#include "base/text.hpp"

namespace edgepool::verdict {
namespace {

constexpr double kDayMs = 86'400'000;

struct Civil {
    int year = 1970;
    int month = 1;
    int day = 1;
};

// Howard Hinnant's algorithms for the proleptic Gregorian calendar.
std::int64_t days_of(Civil date) {
    const int y = date.year - (date.month <= 2 ? 1 : 0);
    const int era = (y >= 0 ? y : y - 399) / 400;
    const int year_of_era = y - era * 400;
    const int day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return std::int64_t{era} * 146097 + day_of_era - 719468;
}

Civil civil_of(std::int64_t days) {
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const int day_of_era = static_cast<int>(days - era * 146097);
    const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int shifted_month = (5 * day_of_year + 2) / 153;
    const int month = shifted_month + (shifted_month < 10 ? 3 : -9);
    return {static_cast<int>(era * 400) + year_of_era + (month <= 2 ? 1 : 0), month, day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

bool is_real(Civil date) {
    static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (date.year < 1970 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1) return false;
    const bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    return date.day <= kDays[date.month - 1] + (leap && date.month == 2 ? 1 : 0);
}

// Reads fixed forms from the front of a text; once something does not fit, everything after fails too.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    int digits(std::size_t count) {
        const auto value = rest_.size() >= count ? parse_u64(rest_.substr(0, count)) : std::nullopt;
        if (!value) return fail();
        rest_.remove_prefix(count);
        return static_cast<int>(*value);
    }
    bool accept(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char c) {
        if (!accept(c)) fail();
    }
    int month_name() {
        static constexpr std::array<std::string_view, 12> kNames = {"jan", "feb", "mar", "apr", "may", "jun",
                                                                    "jul", "aug", "sep", "oct", "nov", "dec"};
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            if (rest_.size() >= 3 && equals_ignoring_case(rest_.substr(0, 3), kNames[i])) {
                rest_.remove_prefix(3);
                return static_cast<int>(i) + 1;
            }
        }
        return fail();
    }
    void skip_past(std::string_view separators) {
        const std::size_t at = rest_.find_first_of(separators);
        if (at == std::string_view::npos) fail();
        else rest_.remove_prefix(at + 1);
    }
    double fraction_ms() {
        double value = 0;
        double place = 100;
        bool any = false;
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            value += place * (rest_.front() - '0');
            place /= 10;
            rest_.remove_prefix(1);
            any = true;
        }
        if (!any) fail();
        return std::floor(value);
    }
    // hh:mm:ss as milliseconds; a leap second counts as the one before.
    double clock_ms() {
        const int hour = digits(2);
        expect(':');
        const int minute = digits(2);
        expect(':');
        const int second = digits(2);
        if (hour > 23 || minute > 59 || second > 60) fail();
        return ((hour * 60.0 + minute) * 60.0 + (second == 60 ? 59 : second)) * 1000.0;
    }
    bool ended() const { return ok_ && rest_.empty(); }
    bool ok() const { return ok_; }
    std::string_view rest() const { return rest_; }

private:
    int fail() {
        ok_ = false;
        rest_ = {};
        return 0;
    }

    std::string_view rest_;
    bool ok_ = true;
};

std::optional<double> moment(const Reader& reader, Civil date, double clock_ms) {
    if (!reader.ended() || !is_real(date)) return std::nullopt;
    const double ms = static_cast<double>(days_of(date)) * kDayMs + clock_ms;
    return ms >= 0 ? std::optional<double>(ms) : std::nullopt;
}

// "Mon Nov 30 00:00:00 2026", C's asctime.
std::optional<double> parse_asctime(std::string_view text) {
    Reader reader(text);
    reader.skip_past(" ");
    Civil date;
    date.month = reader.month_name();
    reader.expect(' ');
    date.day = reader.accept(' ') ? reader.digits(1) : reader.digits(2);
    reader.expect(' ');
    const double clock_ms = reader.clock_ms();
    reader.expect(' ');
    date.year = reader.digits(4);
    return moment(reader, date, clock_ms);
}

}  // namespace

std::optional<double> parse_rfc3339(std::string_view text) {
    Reader reader(trim(text));
    Civil date;
    date.year = reader.digits(4);
    reader.expect('-');
    date.month = reader.digits(2);
    reader.expect('-');
    date.day = reader.digits(2);
    if (!reader.accept('T') && !reader.accept('t')) reader.expect(' ');
    double clock_ms = reader.clock_ms();
    if (reader.accept('.')) clock_ms += reader.fraction_ms();
    const bool east = reader.accept('+');
    if (east || reader.accept('-')) {
        const int hours = reader.digits(2);
        reader.accept(':');
        const int minutes = reader.digits(2);
        clock_ms += (east ? -1 : 1) * (hours * 60.0 + minutes) * 60'000.0;
    } else if (!reader.accept('Z')) {
        reader.accept('z');
    }
    return moment(reader, date, clock_ms);
}

std::optional<double> parse_http_date(std::string_view text) {
    text = trim(text);
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos) return parse_asctime(text);
    Reader reader(trim(text.substr(comma + 1)));
    Civil date;
    date.day = reader.digits(2);
    const bool obsolete = reader.accept('-');
    if (!obsolete) reader.expect(' ');
    date.month = reader.month_name();
    reader.expect(obsolete ? '-' : ' ');
    date.year = obsolete ? 2000 + reader.digits(2) : reader.digits(4);
    reader.expect(' ');
    const double clock_ms = reader.clock_ms();
    for (const char c : std::string_view(" GMT")) reader.expect(c);
    return moment(reader, date, clock_ms);
}

std::optional<double> parse_plain_number(std::string_view text) {
    text = trim(text);
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    if (whole.size() > 15) return std::nullopt;
    const auto units = parse_u64(whole);
    if (!units) return std::nullopt;
    double value = static_cast<double>(*units);
    if (point == std::string_view::npos) return value;
    double place = 0.1;
    for (const char c : text.substr(point + 1)) {
        if (c < '0' || c > '9') return std::nullopt;
        value += place * (c - '0');
        place /= 10;
    }
    return value;
}

double next_start(Period period, double now_ms) {
    const std::int64_t today = static_cast<std::int64_t>(std::floor(now_ms / kDayMs));
    std::int64_t start = today + 1;
    if (period == Period::week) start = today + 7 - (today + 3) % 7;  // day 0 was a Thursday
    if (period == Period::month) {
        const Civil date = civil_of(today);
        start = days_of(date.month == 12 ? Civil{date.year + 1, 1, 1} : Civil{date.year, date.month + 1, 1});
    }
    return static_cast<double>(start) * kDayMs;
}

}  // namespace edgepool::verdict
