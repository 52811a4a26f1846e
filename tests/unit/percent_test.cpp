#include "app/percent.hpp"

#include <cstdint>

#include "support/catch.hpp"

using edgepool::app::percent_text;

TEST_CASE("a success rate has two decimals, rounded half up") {
    CHECK(percent_text(0, 0) == "0.00");
    CHECK(percent_text(0, 7) == "0.00");
    CHECK(percent_text(7, 7) == "100.00");
    CHECK(percent_text(2, 3) == "66.67");
    CHECK(percent_text(1, 3) == "33.33");
    CHECK(percent_text(1, 8) == "12.50");
    CHECK(percent_text(1, 20'000) == "0.01");
    CHECK(percent_text(1, 20'001) == "0.00");
    CHECK(percent_text(199, 200) == "99.50");
}

TEST_CASE("a success rate of nonsense is still a number, and large counts do not overflow") {
    CHECK(percent_text(1, -1) == "0.00");
    CHECK(percent_text(INT64_MAX, INT64_MAX) == "100.00");
    CHECK(percent_text(INT64_MAX / 2, INT64_MAX) == "50.00");
    CHECK(percent_text(200'000'000'000'001, 400'000'000'000'002) == "50.00");
}
