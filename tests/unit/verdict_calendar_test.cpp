#include "support/catch.hpp"
#include "verdict/calendar.hpp"

using namespace edgepool::verdict;

TEST_CASE("RFC 3339 times are read with and without fraction and offset") {
    CHECK(parse_rfc3339("1970-01-01T00:00:00Z") == 0);
    CHECK(parse_rfc3339("2026-11-30T00:00:00Z") == 1795996800000.0);
    CHECK(parse_rfc3339("2026-11-30T00:00:00.25Z") == 1795996800250.0);
    CHECK(parse_rfc3339("2026-11-30T08:00:00+08:00") == 1795996800000.0);
    CHECK(parse_rfc3339("2026-11-29T19:00:00-0500") == 1795996800000.0);
    CHECK(parse_rfc3339("2026-11-30 00:00:00") == 1795996800000.0);
    CHECK(parse_rfc3339("2024-02-29T00:00:00Z") == 1709164800000.0);
}

TEST_CASE("what is no real date is not read") {
    for (const char* text : {"", "2026", "2026-11-30", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-30T24:00:00Z",
                             "2026-11-30T00:00:00X", "2026-11-30T00:00:00ZZ", "2026-11-30T00:00:00.Z", "1969-12-31T23:59:59Z", "tomorrow"}) {
        INFO(text);
        CHECK_FALSE(parse_rfc3339(text));
    }
}

TEST_CASE("HTTP dates are read in all three forms") {
    CHECK(parse_http_date("Mon, 30 Nov 2026 00:00:00 GMT") == 1795996800000.0);
    CHECK(parse_http_date("Monday, 30-Nov-26 00:00:00 GMT") == 1795996800000.0);
    CHECK(parse_http_date("Mon Nov 30 00:00:00 2026") == 1795996800000.0);
    CHECK(parse_http_date("Fri Nov  6 00:00:00 2026") == 1793923200000.0);
    for (const char* text : {"", ",", "Mon, 30 Nov 2026", "Mon, 30 Foo 2026 00:00:00 GMT", "Mon, 31 Nov 2026 00:00:00 GMT", "30 Nov 2026 00:00:00 GMT"}) {
        INFO(text);
        CHECK_FALSE(parse_http_date(text));
    }
}

TEST_CASE("plain numbers are read, and nothing else") {
    CHECK(parse_plain_number("120") == 120);
    CHECK(parse_plain_number(" 1.5 ") == 1.5);
    for (const char* text : {"", ".", "-1", "+1", "1e3", "0x10", "12s", "1.2.3", "9999999999999999", "NaN", "inf"}) {
        INFO(text);
        CHECK_FALSE(parse_plain_number(text));
    }
}

TEST_CASE("periods end at the next UTC midnight, Monday or first of the month") {
    const double monday_noon = 1795435200000.0;  // 2026-11-23
    CHECK(next_start(Period::day, monday_noon) == parse_rfc3339("2026-11-24T00:00:00Z"));
    CHECK(next_start(Period::week, monday_noon) == parse_rfc3339("2026-11-30T00:00:00Z"));
    CHECK(next_start(Period::month, monday_noon) == parse_rfc3339("2026-12-01T00:00:00Z"));
    const double monday_midnight = 1795392000000.0;
    CHECK(next_start(Period::week, monday_midnight) == parse_rfc3339("2026-11-30T00:00:00Z"));
    CHECK(next_start(Period::week, monday_midnight - 1) == monday_midnight);
    CHECK(next_start(Period::month, *parse_rfc3339("2026-12-31T23:59:59Z")) == parse_rfc3339("2027-01-01T00:00:00Z"));
    CHECK(next_start(Period::month, *parse_rfc3339("2024-02-29T00:00:00Z")) == parse_rfc3339("2024-03-01T00:00:00Z"));
}
