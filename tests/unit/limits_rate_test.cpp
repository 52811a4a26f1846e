// Rates: the sliding window, and the tables that hold one by key.
#include "base/limits.hpp"
#include "base/random.hpp"
#include "limits/meters.hpp"
#include "limits/sliding_window.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using limits::SlidingWindow;

namespace {

constexpr double kStartMs = 1.8e12;  // the beginning of a minute
constexpr double kMinuteMs = 60'000;

std::int64_t sum_at(const SlidingWindow& window, double now_ms) { return limits::sum_of(window.counts(now_ms)); }
double wait_at(const SlidingWindow& window, double now_ms, std::int64_t most) {
    return limits::wait_ms(window.counts(now_ms), now_ms, window.window_ms(), most);
}

}  // namespace

TEST_CASE("what happened counts for a window and until its slot has left") {
    SlidingWindow window(kMinuteMs);
    CHECK(sum_at(window, kStartMs) == 0);
    window.add(kStartMs + 4'999, 3);
    CHECK(sum_at(window, kStartMs + 4'999) == 3);
    CHECK(sum_at(window, kStartMs + 64'999) == 3);
    CHECK(sum_at(window, kStartMs + 65'000) == 0);
    window.add(kStartMs + 1e9, 1);
    CHECK(sum_at(window, kStartMs + 1e9) == 1);
}

TEST_CASE("a window is open one short of the limit and shut at it, and says until when") {
    SlidingWindow window(kMinuteMs);
    window.add(kStartMs, 2);
    CHECK(wait_at(window, kStartMs, 3) == 0);
    window.add(kStartMs + 10'000, 1);
    CHECK(wait_at(window, kStartMs + 10'000, 3) == 55'000);
    CHECK(wait_at(window, kStartMs + 10'000, 1) == 65'000);
    CHECK(wait_at(window, kStartMs + 64'999, 3) == 1);
    CHECK(wait_at(window, kStartMs + 65'000, 3) == 0);
    CHECK(wait_at(window, kStartMs, 0) > 0);
}

TEST_CASE("never more than the limit is admitted within any window, however requests come") {
    SlidingWindow window(kMinuteMs);
    Random random(7);
    std::vector<double> admitted;
    double now_ms = kStartMs;
    for (int i = 0; i < 20'000; ++i) {
        now_ms += static_cast<double>(random.below(900));
        if (wait_at(window, now_ms, 50) > 0) continue;
        window.add(now_ms, 1);
        admitted.push_back(now_ms);
    }
    REQUIRE(admitted.size() > 1'000);
    for (std::size_t i = 50; i < admitted.size(); ++i) CHECK(admitted[i] - admitted[i - 50] > kMinuteMs);
}

TEST_CASE("a wait that is over has really ended") {
    SlidingWindow window(kMinuteMs);
    Random random(9);
    double now_ms = kStartMs;
    for (int i = 0; i < 3'000; ++i) {
        const double wait = wait_at(window, now_ms, 20);
        if (wait > 0) {
            CHECK(wait_at(window, now_ms + wait, 20) == 0);
            now_ms += wait;
        }
        window.add(now_ms, 1 + static_cast<std::int64_t>(random.below(4)));
        now_ms += static_cast<double>(random.below(3'000));
    }
}

TEST_CASE("a clock that is set back counts as standing still") {
    SlidingWindow window(kMinuteMs);
    window.add(kStartMs + 100'000, 4);
    window.add(kStartMs, 1);
    CHECK(sum_at(window, kStartMs) == 5);
    CHECK(sum_at(window, kStartMs + 100'000) == 5);
}

TEST_CASE("rates are counted by key, and a key that is not counted is not begun by what it used") {
    limits::RateTable table;
    table.add_if_known("a", kStartMs, 5);
    CHECK(limits::sum_of(table.counts("a", kStartMs)) == 0);
    table.add("a", kMinuteMs, kStartMs, 0);
    table.add_if_known("a", kStartMs, 5);
    table.add("b", kMinuteMs, kStartMs, 1);
    CHECK(limits::sum_of(table.counts("a", kStartMs)) == 5);
    CHECK(limits::sum_of(table.counts("b", kStartMs)) == 1);
    table.shut("a", kMinuteMs, kStartMs, kStartMs + 9);
    CHECK(table.shut_until_ms("a") == kStartMs + 9);
    CHECK(table.shut_until_ms("c") == 0);
}

TEST_CASE("a key whose window became another one begins anew") {
    limits::RateTable table;
    table.add("a", kMinuteMs, kStartMs, 5);
    table.add("a", 10'000, kStartMs, 1);
    CHECK(limits::sum_of(table.counts("a", kStartMs)) == 1);
}

TEST_CASE("the table of rates keeps as many keys as it may, and lets the oldest go with one more") {
    limits::RateTable table;
    for (std::size_t i = 0; i < limits::kRateEntries; ++i) table.add("key " + std::to_string(i), kMinuteMs, kStartMs + static_cast<double>(i), 1);
    const double now_ms = kStartMs + static_cast<double>(limits::kRateEntries);
    CHECK(limits::sum_of(table.counts("key 0", now_ms)) == 1);
    table.add("one more", kMinuteMs, now_ms, 1);
    CHECK(limits::sum_of(table.counts("key 0", now_ms)) == 0);
    CHECK(limits::sum_of(table.counts("key " + std::to_string(limits::kRateEntries - 1), now_ms)) == 1);
    CHECK(limits::sum_of(table.counts("one more", now_ms)) == 1);
}
