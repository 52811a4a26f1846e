// What this isolate counts in order to keep limits: the budgets of client tokens that have some, and rates by key. Bounded; what was
// not touched for longest goes first when there is no more room. A cache like the rest: another isolate counts for itself.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "limits/ledger.hpp"
#include "limits/sliding_window.hpp"

namespace edgepool::limits {

// The budgets of one client token.
struct Meter {
    Ledger ledger;
    std::int64_t under_way = 0;  // requests admitted and not ended
    double read_ms = 0;          // when the database's figures were last taken over; 0 = never
    double lease_until_ms = 0;   // somebody is reading them
    double touched_ms = 0;
};

class Meters {
public:
    // Null when the token is not metered.
    Meter* find(std::string_view token_hash);

    // The database's figures. `mark` is that of the meter when the reading began, or null when there was none; figures without a mark
    // only begin a meter, they never replace what one knows.
    void take(const std::string& token_hash, const Used& used, const Ledger::Mark* mark, double now_ms);

    void count(std::string_view token_hash, const Spent& spent, double now_ms);
    void acknowledge(std::string_view token_hash, const Spent& spent, double now_ms);

private:
    std::map<std::string, Meter, std::less<>> meters_;
};

// A request that counts in Meter::under_way as long as this lives.
class UnderWay {
public:
    UnderWay() = default;
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;
    ~UnderWay();

    void begin(Meters& meters, std::string token_hash);

private:
    Meters* meters_ = nullptr;
    std::string token_hash_;
};

class RateTable {
public:
    SlotCounts counts(std::string_view key, double now_ms) const;
    void add(const std::string& key, double window_ms, double now_ms, std::int64_t amount);

    // False, and nothing happens, when the key is not counted yet.
    bool add_if_known(std::string_view key, double now_ms, std::int64_t amount);

    // Somebody who knows more has refused this key until then.
    void shut(const std::string& key, double window_ms, double now_ms, double until_ms);
    double shut_until_ms(std::string_view key) const;

private:
    struct Entry {
        explicit Entry(double window_ms) : window(window_ms) {}
        SlidingWindow window;
        double shut_until_ms = 0;
        double touched_ms = 0;
    };
    Entry& entry(const std::string& key, double window_ms, double now_ms);

    std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace edgepool::limits
