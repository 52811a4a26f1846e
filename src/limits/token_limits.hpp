// What a client token may do: how much in a minute, a day and a month, with which models and providers, from where. The arithmetic is in
// sliding_window and ledger, the decision in decision. In the API money is in dollars (daily_cost_usd), in the database in nano-dollars
// (daily_cost_nano); all else is written the same in both.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "json/dom.hpp"
#include "limits/address_range.hpp"

namespace edgepool::limits {

enum class Quantity : std::uint8_t { requests, tokens, cost_nano };
enum class Span : std::uint8_t { minute, day, month };

struct Measure {
    const char* name;         // in the API
    const char* stored_name;  // in the database
    Quantity quantity;
    Span span;
};

inline constexpr std::array<Measure, 8> kMeasures = {{
    {"requests_per_minute", "requests_per_minute", Quantity::requests, Span::minute},
    {"tokens_per_minute", "tokens_per_minute", Quantity::tokens, Span::minute},
    {"daily_requests", "daily_requests", Quantity::requests, Span::day},
    {"daily_tokens", "daily_tokens", Quantity::tokens, Span::day},
    {"daily_cost_usd", "daily_cost_nano", Quantity::cost_nano, Span::day},
    {"monthly_requests", "monthly_requests", Quantity::requests, Span::month},
    {"monthly_tokens", "monthly_tokens", Quantity::tokens, Span::month},
    {"monthly_cost_usd", "monthly_cost_nano", Quantity::cost_nano, Span::month},
}};

struct TokenLimits {
    static constexpr std::int64_t kNone = -1;

    TokenLimits() { most.fill(kNone); }

    std::array<std::int64_t, kMeasures.size()> most;  // by kMeasures; kNone = without limit, 0 = nothing at all
    std::vector<std::string> models;                  // empty = all; else names, or beginnings of names followed by "*"
    std::vector<std::string> providers;               // empty = all; else ids
    std::vector<std::string> address_texts;           // empty = from everywhere; as they were written
    std::vector<AddressRange> addresses;              // the same
    bool is_unreadable = false;                       // what the database holds makes no sense: nothing is allowed

    bool limits_nothing() const;
    bool has_budget() const;  // a daily or monthly limit
};

// How limits are written: as the caller of the API does, or as the database does.
enum class Form : std::uint8_t { api, stored };

// Error: bad_request naming the member ("limits.daily_tokens"). A member that is null is as if it were not there.
Result<TokenLimits> read_limits(const json::Json& value, Form form);

// What the database holds; what it should not hold gives limits that are unreadable.
TokenLimits read_stored_limits(const json::Json& value);

// An object; {} when there are none.
void write_limits(json::Writer& out, const TokenLimits& limits, Form form);

// Nano-dollars as a decimal number of dollars, without needless zeros: "0.25".
std::string dollars_of(std::int64_t nano);

bool allows_model(const TokenLimits& limits, std::string_view model);
bool allows_provider(const TokenLimits& limits, std::string_view provider);

// An address that cannot be read is nobody's.
bool allows_address(const TokenLimits& limits, std::string_view address);

}  // namespace edgepool::limits
