// The language in which a provider's row says what its refusals mean. Pure data: judge() in verdict.cpp reads it, docs/VERDICTS.md is
// generated from it. Rules are tried from the top; the first that fits decides; after the provider's own come the common ones.
// Needles are lower case and separated by '|'.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace edgepool::verdict {

enum class Blame : std::uint8_t { none, client, key, key_model, model, account, upstream };

// "key", "key_model", ...
std::string_view blame_name(Blame blame);

// Up to ten status codes, or a range of them.
class Statuses {
public:
    static constexpr std::size_t kMost = 10;

    constexpr Statuses(std::initializer_list<int> codes) {
        for (const int code : codes) codes_[count_++] = static_cast<std::int16_t>(code);
    }
    static constexpr Statuses range(int first, int last) {
        Statuses made{first, last};
        made.is_range_ = true;
        return made;
    }
    constexpr bool contains(int code) const {
        if (is_range_) return code >= codes_[0] && code <= codes_[1];
        for (std::size_t i = 0; i < count_; ++i) {
            if (codes_[i] == code) return true;
        }
        return false;
    }
    constexpr bool is_range() const { return is_range_; }
    constexpr std::span<const std::int16_t> codes() const { return {codes_.data(), count_}; }

private:
    std::array<std::int16_t, kMost> codes_{};
    std::size_t count_ = 0;
    bool is_range_ = false;
};

// What the answer must say for a rule to fit.
struct Says {
    enum class How : std::uint8_t {
        anything,
        contains,  // the member's text contains one of the needles
        equals,    // the member's text is one of the needles
        present,   // the member is there and is not null
        html,      // the body is a web page: a proxy speaks, not the provider's API
        about_model  // the message speaks of a model
    };
    How how = How::anything;
    std::string_view member = {};   // path inside the error object, e.g. "metadata.limit_source"
    std::string_view needles = {};
};

constexpr Says anything() { return {}; }
constexpr Says message_contains(std::string_view needles) { return {Says::How::contains, "message", needles}; }
constexpr Says member_is(std::string_view member, std::string_view needles) { return {Says::How::equals, member, needles}; }
constexpr Says member_present(std::string_view member) { return {Says::How::present, member, {}}; }
constexpr Says web_page() { return {Says::How::html, {}, {}}; }
constexpr Says about_model() { return {Says::How::about_model, {}, {}}; }

// Which statement of the answer about time is believed first.
enum class Resets : std::uint8_t {
    none,    // the answer's times are not consulted
    quota,   // resets_at, X-RateLimit-Reset, Retry-After, then the name of the limit's period ("monthly")
    waiting  // Retry-After, resets_at, then X-RateLimit-Reset
};

struct Bench {
    Resets resets = Resets::none;
    double otherwise_ms = 0;  // when the answer names no believable time; 0 with Resets::none = no bench
};

struct Rule {
    // Effects beyond blame and bench.
    enum Effect : std::uint8_t {
        kNothing = 0,
        kRefusal = 1,      // counts towards the three in a row that disable a key
        kDisable = 2,      // disables at once
        kConcurrency = 4,  // lowers the key's in-flight ceiling
        kIncident = 8,     // many keys failing so at once are evidence against the provider, not against them
        kWholeFamily = 16  // key×model: the bench covers the models of `family`
    };

    std::string_view reason;  // stable, snake_case
    Statuses status;
    Says says;
    Blame blame;
    Bench bench = {};
    unsigned effects = kNothing;
    std::string_view family = {};  // "*:free"
};

// What is left when no rule of the provider fits.
std::span<const Rule> common_rules();

}  // namespace edgepool::verdict
