#include "base/random.hpp"

#include <array>
#include <cmath>

#include "support/catch.hpp"

using edgepool::Random;

TEST_CASE("the same seed gives the same numbers, another one gives others") {
    Random a(1), b(1), c(2);
    bool differs = false;
    for (int i = 0; i < 100; ++i) {
        const auto x = a.next();
        CHECK(x == b.next());
        differs = differs || x != c.next();
    }
    CHECK(differs);
}

TEST_CASE("numbers below a bound are below it and reach all of it about equally often") {
    Random random(7);
    std::array<int, 10> seen{};
    for (int i = 0; i < 100'000; ++i) ++seen.at(random.below(10));
    for (const int count : seen) {
        CHECK(count > 9'500);
        CHECK(count < 10'500);
    }
    CHECK(random.below(0) == 0);
    CHECK(random.below(1) == 0);
    for (int i = 0; i < 1'000; ++i) CHECK(random.below(0x8000000000000001u) <= 0x8000000000000000u);
}

TEST_CASE("unit numbers lie in [0, 1) and average one half") {
    Random random(9);
    double sum = 0;
    for (int i = 0; i < 100'000; ++i) {
        const double x = random.unit();
        REQUIRE((x >= 0 && x < 1));
        sum += x;
    }
    CHECK(std::abs(sum / 100'000 - 0.5) < 0.01);
}
