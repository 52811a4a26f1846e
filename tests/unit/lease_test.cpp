// A lease ends at its moment, and one from a clock that ran ahead is none.
#include "base/lease.hpp"

#include "support/catch.hpp"

using edgepool::is_leased;

TEST_CASE("a lease holds until its moment") {
    CHECK(is_leased(1'000, 999, 500));
    CHECK_FALSE(is_leased(1'000, 1'000, 500));
    CHECK_FALSE(is_leased(0, 999, 500));
}

TEST_CASE("a lease longer than any that is given is none: the clock was set back") {
    CHECK(is_leased(1'500, 1'000, 500));
    CHECK_FALSE(is_leased(1'501, 1'000, 500));
}
