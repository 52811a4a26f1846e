#include "base/time_text.hpp"

#include <limits>

#include "support/catch.hpp"

using namespace edgepool;

TEST_CASE("times are written as ISO 8601 in UTC") {
    CHECK(iso8601_utc(0) == "1970-01-01T00:00:00.000Z");
    CHECK(iso8601_utc(951782400123.0) == "2000-02-29T00:00:00.123Z");
    CHECK(iso8601_utc_seconds(1767225600123.0) == "2026-01-01T00:00:00Z");
    CHECK(iso8601_utc(1767225599999.0) == "2025-12-31T23:59:59.999Z");
}

TEST_CASE("times are written in the display offset") {
    CHECK(iso8601_with_offset(1767225600000.0, 480) == "2026-01-01T08:00:00+08:00");
    CHECK(iso8601_with_offset(1767225600000.0, -330) == "2025-12-31T18:30:00-05:30");
    CHECK(clock_label(1767225600000.0, 480) == "08:00");
    CHECK(clock_label(1767225600000.0, 330) == "05:30");
}

TEST_CASE("times outside the calendar are clamped, never undefined") {
    CHECK(iso8601_utc(-5) == "1970-01-01T00:00:00.000Z");
    CHECK(iso8601_utc(1e300) == "9999-12-31T23:59:59.999Z");
    CHECK(iso8601_utc(std::numeric_limits<double>::quiet_NaN()) == "1970-01-01T00:00:00.000Z");
}
