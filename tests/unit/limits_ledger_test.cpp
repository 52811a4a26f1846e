// The budgets of a token: what the database said, what was counted since, and what of that the database knew.
#include "base/limits.hpp"
#include "limits/meters.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using limits::Ledger;
using limits::Spent;
using limits::Used;

namespace {

constexpr double kDayMs = 86'400'000;
constexpr double kMidnightMs = 1'800'057'600'000;  // 2027-01-16T00:00:00Z
constexpr double kMonthMs = 1'798'761'600'000;     // 2027-01-01T00:00:00Z
constexpr double kNextMonthMs = 1'801'440'000'000; // 2027-02-01T00:00:00Z

Used used(std::int64_t today, std::int64_t this_month, double day_ms = kMidnightMs, double month_ms = kMonthMs) {
    return {day_ms, {today, today * 10, today * 100}, month_ms, {this_month, this_month * 10, this_month * 100}};
}

Spent one() { return {1, 10, 100}; }

}  // namespace

TEST_CASE("days and months begin at midnight UTC") {
    CHECK(limits::day_start_ms(kMidnightMs) == kMidnightMs);
    CHECK(limits::day_start_ms(kMidnightMs - 1) == kMidnightMs - kDayMs);
    CHECK(limits::month_start_ms(kMidnightMs) == kMonthMs);
    CHECK(limits::month_start_ms(kNextMonthMs - 1) == kMonthMs);
    CHECK(limits::month_start_ms(kNextMonthMs) == kNextMonthMs);
}

TEST_CASE("spent is what was read and what was counted since") {
    Ledger ledger;
    ledger.take(used(5, 50), kMidnightMs);
    ledger.count(one(), kMidnightMs);
    CHECK(ledger.spent_today(kMidnightMs).requests == 6);
    CHECK(ledger.spent_today(kMidnightMs).tokens == 60);
    CHECK(ledger.spent_this_month(kMidnightMs).cost_nano == 5'100);
}

TEST_CASE("what the database had acknowledged before it was read is not counted twice") {
    Ledger ledger;
    ledger.take(used(5, 50), kMidnightMs);
    ledger.count(one(), kMidnightMs);
    ledger.count(one(), kMidnightMs);
    ledger.acknowledge(one(), kMidnightMs);
    CHECK(ledger.spent_today(kMidnightMs).requests == 7);
    ledger.take(used(6, 51), kMidnightMs);
    CHECK(ledger.spent_today(kMidnightMs).requests == 7);
    CHECK(ledger.spent_this_month(kMidnightMs).requests == 52);
}

TEST_CASE("what is acknowledged and not read yet still counts, and with the next reading what others have spent comes in") {
    Ledger ledger;
    ledger.take(used(5, 50), kMidnightMs);
    ledger.count(one(), kMidnightMs);
    ledger.acknowledge(one(), kMidnightMs);
    ledger.count(one(), kMidnightMs);
    CHECK(ledger.spent_today(kMidnightMs).requests == 7);
    ledger.acknowledge(one(), kMidnightMs);
    ledger.count(one(), kMidnightMs);
    ledger.take(used(27, 72), kMidnightMs);
    CHECK(ledger.spent_today(kMidnightMs).requests == 28);
    CHECK(ledger.spent_this_month(kMidnightMs).requests == 73);
}

TEST_CASE("a new day begins with what the old one has not handed in; the month goes on") {
    Ledger ledger;
    ledger.take(used(5, 50), kMidnightMs);
    ledger.count(one(), kMidnightMs);
    ledger.count(one(), kMidnightMs);
    ledger.acknowledge(one(), kMidnightMs);
    const double tomorrow_ms = kMidnightMs + kDayMs;
    CHECK(ledger.spent_today(tomorrow_ms - 1).requests == 7);
    CHECK(ledger.spent_today(tomorrow_ms).requests == 1);
    CHECK(ledger.spent_this_month(tomorrow_ms).requests == 52);
}

TEST_CASE("a new month begins anew") {
    Ledger ledger;
    ledger.take(used(5, 50), kMidnightMs);
    CHECK(ledger.spent_this_month(kNextMonthMs - 1).requests == 50);
    CHECK(ledger.spent_this_month(kNextMonthMs).requests == 0);
    CHECK(ledger.spent_today(kNextMonthMs).requests == 0);
}

TEST_CASE("a reading that left before midnight says nothing about the new day") {
    Ledger ledger;
    ledger.take(used(5, 50), kMidnightMs);
    const double tomorrow_ms = kMidnightMs + kDayMs;
    ledger.take(used(9, 54), tomorrow_ms);
    CHECK(ledger.spent_today(tomorrow_ms).requests == 0);
    CHECK(ledger.spent_this_month(tomorrow_ms).requests == 54);
}

TEST_CASE("a database whose clock is ahead begins the day") {
    Ledger ledger;
    const double before_ms = kMidnightMs + kDayMs - 1;
    ledger.take(used(5, 50), before_ms);
    ledger.take(used(0, 50, kMidnightMs + kDayMs), before_ms);
    CHECK(ledger.spent_today(before_ms).requests == 0);
    CHECK(ledger.spent_this_month(before_ms).requests == 50);
}

TEST_CASE("a look-up begins a meter and never replaces what one knows; a reading replaces it and begins none") {
    limits::Meters meters;
    meters.count("t", one(), kMidnightMs);
    meters.take("t", used(7, 7), kMidnightMs);
    CHECK(meters.find("t") == nullptr);
    meters.begin("t", used(1, 1), kMidnightMs);
    meters.count("t", one(), kMidnightMs);
    meters.begin("t", used(0, 0), kMidnightMs + 1);
    CHECK(meters.find("t")->ledger.spent_today(kMidnightMs).requests == 2);
    meters.acknowledge("t", one(), kMidnightMs);
    meters.take("t", used(12, 12), kMidnightMs + 2);
    CHECK(meters.find("t")->ledger.spent_today(kMidnightMs).requests == 12);
}

TEST_CASE("a request is under way until what stands for it is gone") {
    limits::Meters meters;
    {
        limits::UnderWay nobody;
        nobody.begin(meters, "t");
    }
    meters.begin("t", used(0, 0), kMidnightMs);
    {
        limits::UnderWay first, second;
        first.begin(meters, "t");
        first.begin(meters, "t");
        second.begin(meters, "t");
        CHECK(meters.find("t")->under_way == 2);
    }
    CHECK(meters.find("t")->under_way == 0);
}

TEST_CASE("as many tokens are metered as are remembered") {
    limits::Meters meters;
    for (std::size_t i = 0; i < limits::kTokenCacheEntries; ++i) meters.begin(std::to_string(i), used(0, 0), kMidnightMs + static_cast<double>(i));
    CHECK(meters.find("0") != nullptr);
    meters.begin("one more", used(0, 0), kMidnightMs + 1e6);
    CHECK(meters.find("0") == nullptr);
    CHECK(meters.find("one more") != nullptr);
}
