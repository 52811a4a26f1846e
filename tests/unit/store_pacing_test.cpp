#include "store/pacing.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;

TEST_CASE("a lone isolate looks for changes every ten seconds, one of hundreds less often") {
    CHECK(store::refresh_interval_ms(1'000) == 10'000);
    CHECK(store::refresh_interval_ms(1'250) == 10'000);
    CHECK(store::refresh_interval_ms(1'251) == 10'008);
    CHECK(store::refresh_interval_ms(limits::kLongestFlushWindowMs) == 160'000);
}

TEST_CASE("flushes and refreshes of any number of isolates stay below fifty a second together") {
    for (std::uint32_t isolates = 1; isolates <= 800; ++isolates) {
        const double window_ms = std::clamp(isolates / 30.0 * 1'000, 1'000.0, 20'000.0);  // what the database answers
        const double flushes = isolates * 1'000 / window_ms;
        const double refreshes = isolates * 1'000 / store::refresh_interval_ms(static_cast<std::uint32_t>(window_ms));
        REQUIRE(flushes + refreshes < 50);
    }
}

TEST_CASE("a flush window grows at once and shrinks by a quarter at most") {
    CHECK(store::next_window_ms(1'000, 1'000) == 1'000);
    CHECK(store::next_window_ms(1'000, 20'000) == 20'000);
    CHECK(store::next_window_ms(20'000, 1'000) == 15'000);
    CHECK(store::next_window_ms(1'200, 1'000) == 1'000);
}

TEST_CASE("what is urgent waits a second, or a flush window where there are many") {
    CHECK(store::urgent_interval_ms(0) == 1'000);
    CHECK(store::urgent_interval_ms(1'000) == 1'000);
    CHECK(store::urgent_interval_ms(7'500) == 7'500);
}

TEST_CASE("pauses after failures double, up to a bound") {
    CHECK(store::failure_pause_ms(1'000, 0) == 1'000);
    CHECK(store::failure_pause_ms(1'000, 1) == 1'000);
    CHECK(store::failure_pause_ms(1'000, 2) == 2'000);
    CHECK(store::failure_pause_ms(1'000, 5) == 16'000);
    CHECK(store::failure_pause_ms(1'000, 6) == limits::kLongestFailurePauseMs);
    CHECK(store::failure_pause_ms(1'000, 4'000'000'000) == limits::kLongestFailurePauseMs);
    CHECK(store::failure_pause_ms(20'000, 2) == limits::kLongestFailurePauseMs);
}

TEST_CASE("jitter takes up to a fifth off, and nothing on") {
    Random random(7);
    double least = 1e9, most = 0;
    for (int i = 0; i < 10'000; ++i) {
        const double span_ms = store::jittered_ms(1'000, random);
        least = std::min(least, span_ms);
        most = std::max(most, span_ms);
    }
    CHECK(least >= 800);
    CHECK(least < 805);
    CHECK(most <= 1'000);
    CHECK(most > 995);
}
