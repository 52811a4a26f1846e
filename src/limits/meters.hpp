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
    double touched_ms = 0;
};

class Meters {
public:
    // Null when the token is not metered.
    Meter* find(std::string_view token_hash);

    // A meter, by what the database said when the token was looked up. One that is there already knows more.
    void begin(const std::string& token_hash, const Used& used, double now_ms);

    // What the database said in one step with a batch of ours; all that was acknowledged is part of it. Nothing for what has no meter.
    void take(std::string_view token_hash, const Used& used, double now_ms);

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
