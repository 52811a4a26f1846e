// Dates and numbers as providers write them, against the C library: what is read is the moment that is written.
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <string>

#include "base/time_text.hpp"
#include "config/config.hpp"
#include "fuzz/fuzz_check.hpp"
#include "verdict/calendar.hpp"
#include "verdict/reset.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

constexpr double kNowMs = 1'800'000'000'000;

// "2026-11-30T00:00:00Z" alone, by strptime. A leap second is read as the second before it, on which timegm differs.
void check_utc(const std::string& text) {
    const bool is_plain = text.size() == 20 && text.back() == 'Z' && text[10] == 'T' && text.substr(17, 2) != "60";
    if (!is_plain) return;
    std::tm parts{};
    const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    const auto ms = verdict::parse_rfc3339(text);
    if (!ms) return;
    check(end != nullptr && *end == '\0');
    check(*ms == static_cast<double>(timegm(&parts)) * 1000);
}

void check_round_trip(double ms) {
    if (ms < 0 || ms > 253'402'300'799'000) return;
    const auto back = verdict::parse_rfc3339(iso8601_utc(ms));
    check(back && std::fabs(*back - ms) < 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::text_of(data, size));
    check_utc(text);
    for (const auto ms : {verdict::parse_rfc3339(text), verdict::parse_http_date(text)}) {
        if (!ms) continue;
        check(std::isfinite(*ms));
        check_round_trip(*ms);
    }
    const auto number = verdict::parse_plain_number(text);
    if (number) check(std::fabs(*number - std::strtod(text.c_str(), nullptr)) <= *number * 1e-12);
    for (const auto ms : {verdict::retry_after_time(text, kNowMs), verdict::ratelimit_reset_time(text, kNowMs)}) {
        check(!ms || std::isfinite(*ms));
    }
    int minutes = 0;
    if (config::parse_utc_offset(text, minutes)) check(std::abs(minutes) <= 14 * 60 + 59);
    return 0;
}
