#include "verdict/reset.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "verdict/calendar.hpp"

namespace edgepool::verdict {
namespace {

constexpr double kSecondMs = 1'000;
constexpr double kYearMs = 366.0 * 24 * 3600 * 1000;
constexpr double kFirstEpochSeconds = 1e9;    // September 2001: smaller numbers are spans
constexpr double kFirstEpochMs = 1e11;        // as seconds that would be the year 5138

using Source = std::optional<double> (*)(const ErrorFacts& facts, const Headers* headers, double now_ms);

std::optional<double> believable(std::optional<double> time_ms, double now_ms) {
    if (!time_ms || !(*time_ms > now_ms) || *time_ms > now_ms + kYearMs) return std::nullopt;
    return std::min(std::max(*time_ms, now_ms + kSecondMs), now_ms + limits::kLongestBenchMs);
}

std::string_view header(const Headers* headers, std::string_view name) { return headers == nullptr ? std::string_view() : headers->get(name); }

std::optional<double> from_resets_at(const ErrorFacts& facts, const Headers*, double now_ms) {
    for (const std::string_view path : {"resets_at", "metadata.resets_at", "reset_at"}) {
        if (const auto text = facts.member(path)) return ratelimit_reset_time(*text, now_ms);
    }
    return std::nullopt;
}

std::optional<double> from_ratelimit_reset(const ErrorFacts& facts, const Headers* headers, double now_ms) {
    if (const auto time = believable(ratelimit_reset_time(header(headers, "x-ratelimit-reset"), now_ms), now_ms)) return time;
    for (const std::string_view path : {"metadata.headers.X-RateLimit-Reset", "metadata.headers.x-ratelimit-reset"}) {
        if (const auto text = facts.member(path)) return ratelimit_reset_time(*text, now_ms);
    }
    return std::nullopt;
}

std::optional<double> from_retry_after(const ErrorFacts& facts, const Headers* headers, double now_ms) {
    if (const auto time = believable(retry_after_time(header(headers, "retry-after"), now_ms), now_ms)) return time;
    for (const std::string_view path : {"metadata.retry_after", "retry_after", "metadata.headers.Retry-After"}) {
        if (const auto text = facts.member(path)) return retry_after_time(*text, now_ms);
    }
    return std::nullopt;
}

// "limit_reset":"monthly", or a message such as "Key limit exceeded (monthly limit)".
std::optional<double> from_period_name(const ErrorFacts& facts, const Headers*, double now_ms) {
    const std::string name = ascii_lower(facts.member("metadata.limit_reset").value_or(facts.member("limit_reset").value_or(std::string())));
    const auto names = [&](std::string_view word, std::string_view phrase) {
        return name == word || facts.lower_message().find(phrase) != std::string::npos;
    };
    if (names("daily", "(daily limit)") || names("day", "per-day")) return next_start(Period::day, now_ms);
    if (names("weekly", "(weekly limit)")) return next_start(Period::week, now_ms);
    if (names("monthly", "(monthly limit)")) return next_start(Period::month, now_ms);
    return std::nullopt;
}

constexpr std::array<Source, 4> kQuotaOrder = {from_resets_at, from_ratelimit_reset, from_retry_after, from_period_name};
constexpr std::array<Source, 3> kWaitingOrder = {from_retry_after, from_resets_at, from_ratelimit_reset};

std::optional<double> first_believable(const Source* sources, std::size_t count, const ErrorFacts& facts, const Headers* headers, double now_ms) {
    for (std::size_t i = 0; i < count; ++i) {
        if (const auto time = believable(sources[i](facts, headers, now_ms), now_ms)) return time;
    }
    return std::nullopt;
}

}  // namespace

std::optional<double> retry_after_time(std::string_view value, double now_ms) {
    // "0" means at once, which is a moment from now.
    if (const auto seconds = parse_plain_number(value)) return now_ms + std::max(*seconds * kSecondMs, 1.0);
    return parse_http_date(value);
}

std::optional<double> ratelimit_reset_time(std::string_view value, double now_ms) {
    const auto number = parse_plain_number(value);
    if (!number) return parse_rfc3339(value);
    if (*number >= kFirstEpochMs) return *number;
    if (*number >= kFirstEpochSeconds) return *number * kSecondMs;
    return now_ms + *number * kSecondMs;
}

std::optional<double> stated_reset(Resets order, const ErrorFacts& facts, const Headers* headers, double now_ms) {
    switch (order) {
        case Resets::none: return std::nullopt;
        case Resets::quota: return first_believable(kQuotaOrder.data(), kQuotaOrder.size(), facts, headers, now_ms);
        case Resets::waiting: return first_believable(kWaitingOrder.data(), kWaitingOrder.size(), facts, headers, now_ms);
    }
    return std::nullopt;
}

}  // namespace edgepool::verdict
