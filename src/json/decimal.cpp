#include "json/decimal.hpp"

#include <algorithm>

namespace edgepool::json {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_digits(std::string_view& text) {
    std::size_t length = 0;
    while (length < text.size() && digit(text[length])) ++length;
    const std::string_view digits = text.substr(0, length);
    text.remove_prefix(length);
    return digits;
}

bool accept(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

// Exponents beyond this say no more than this one does: a text longer than that is not read from any answer.
constexpr std::int64_t kMostExponent = 1'000'000'000;

struct Decimal {
    std::string_view whole;  // digits before the point
    std::string_view part;   // digits behind it
    std::int64_t exponent = 0;
    bool negative = false;
};

std::optional<Decimal> read_decimal(std::string_view text) {
    Decimal decimal;
    decimal.negative = accept(text, '-');
    decimal.whole = take_digits(text);
    if (decimal.whole.empty() || (decimal.whole.size() > 1 && decimal.whole.front() == '0')) return std::nullopt;
    if (accept(text, '.')) {
        decimal.part = take_digits(text);
        if (decimal.part.empty()) return std::nullopt;
    }
    if (accept(text, 'e') || accept(text, 'E')) {
        const bool down = accept(text, '-');
        if (!down) accept(text, '+');
        const std::string_view digits = take_digits(text);
        if (digits.empty()) return std::nullopt;
        for (const char c : digits) decimal.exponent = std::min(decimal.exponent * 10 + (c - '0'), kMostExponent);
        if (down) decimal.exponent = -decimal.exponent;
    }
    if (!text.empty()) return std::nullopt;
    return decimal;
}

// The number times 10^shift, rounded half up.
std::optional<std::int64_t> shifted(std::string_view text, std::int64_t shift) {
    const std::optional<Decimal> decimal = read_decimal(text);
    if (!decimal) return std::nullopt;
    const std::size_t count = decimal->whole.size() + decimal->part.size();
    const auto digit_at = [&](std::size_t i) {
        return (i < decimal->whole.size() ? decimal->whole[i] : decimal->part[i - decimal->whole.size()]) - '0';
    };
    // This many of the digits stand before the shifted point; more than there are means zeros that follow.
    const std::int64_t kept = static_cast<std::int64_t>(decimal->whole.size()) + decimal->exponent + shift;

    std::int64_t value = 0;
    bool zero = true;
    for (std::size_t i = 0; i < count; ++i) {
        const int d = digit_at(i);
        if (d != 0) zero = false;
        if (static_cast<std::int64_t>(i) < kept) value = std::min(value * 10 + d, kMostOfOneNumber);
    }
    if (zero) return 0;
    if (decimal->negative) return std::nullopt;
    for (std::int64_t i = static_cast<std::int64_t>(count); i < kept && value != 0 && value < kMostOfOneNumber; ++i) {
        value = std::min(value * 10, kMostOfOneNumber);
    }
    const bool half = kept >= 0 && kept < static_cast<std::int64_t>(count) && digit_at(static_cast<std::size_t>(kept)) >= 5;
    return std::min(value + (half ? 1 : 0), kMostOfOneNumber);
}

}  // namespace

std::optional<std::int64_t> decimal_to_nano(std::string_view number_text) { return shifted(number_text, 9); }

std::optional<std::int64_t> decimal_to_count(std::string_view number_text) { return shifted(number_text, 0); }

}  // namespace edgepool::json
