#include "json/decimal.hpp"

#include <string>

#include "support/catch.hpp"

using namespace edgepool::json;

TEST_CASE("dollars become nano-dollars exactly") {
    CHECK(decimal_to_nano("0") == 0);
    CHECK(decimal_to_nano("1") == 1'000'000'000);
    CHECK(decimal_to_nano("0.000000001") == 1);
    CHECK(decimal_to_nano("0.1") == 100'000'000);
    CHECK(decimal_to_nano("12.345678901") == 12'345'678'901);
    CHECK(decimal_to_nano("0.00001995") == 19'950);
    CHECK(decimal_to_nano("999999.999999999") == 999'999'999'999'999);
}

TEST_CASE("exponents shift the point") {
    CHECK(decimal_to_nano("1e-9") == 1);
    CHECK(decimal_to_nano("1.5E-8") == 15);
    CHECK(decimal_to_nano("25e-6") == 25'000);
    CHECK(decimal_to_nano("1.25e+2") == 125'000'000'000);
    CHECK(decimal_to_nano("0.000001e3") == 1'000'000);
    CHECK(decimal_to_nano("1e-400") == 0);
    CHECK(decimal_to_nano("1e-99999999999999999999") == 0);
    CHECK(decimal_to_nano("0e99999999999999999999") == 0);
}

TEST_CASE("half a nano-dollar rounds up and less rounds down, whatever the digits behind") {
    CHECK(decimal_to_nano("0.0000000005") == 1);
    CHECK(decimal_to_nano("0.00000000049999999999999999") == 0);
    CHECK(decimal_to_nano("0.0000000015") == 2);
    CHECK(decimal_to_nano("0.0000000014999") == 1);
    CHECK(decimal_to_nano("5e-10") == 1);
    CHECK(decimal_to_nano("5e-11") == 0);
    CHECK(decimal_to_nano("9.9e-10") == 1);
}

TEST_CASE("absurd sums are held at the bound, which sums of answers cannot overflow") {
    CHECK(decimal_to_nano("1000000") == kMostOfOneNumber);
    CHECK(decimal_to_nano("1000000.000000001") == kMostOfOneNumber);
    CHECK(decimal_to_nano("1e999999999999") == kMostOfOneNumber);
    CHECK(decimal_to_nano("0.000000001e999999999") == kMostOfOneNumber);
    CHECK(decimal_to_nano(std::string(1'000'000, '9')) == kMostOfOneNumber);
    CHECK(decimal_to_nano("0." + std::string(1'000'000, '9')) == 1'000'000'000);
}

TEST_CASE("what is negative or no number has no value") {
    for (const char* text : {"", "-", "-1", "-0.1", "-1e-30", "abc", "1.", ".5", "1e", "1e+", "01", "00", "+1", " 1", "1 ", "1,5", "0x1", "NaN", "\"1\"", "null"}) {
        INFO(text);
        CHECK_FALSE(decimal_to_nano(text));
    }
    CHECK(decimal_to_nano("-0") == 0);
    CHECK(decimal_to_nano("-0.000e5") == 0);
}

TEST_CASE("counts are read from any way to write them") {
    CHECK(decimal_to_count("0") == 0);
    CHECK(decimal_to_count("1234") == 1234);
    CHECK(decimal_to_count("12.0") == 12);
    CHECK(decimal_to_count("1.2e3") == 1200);
    CHECK(decimal_to_count("1e15") == kMostOfOneNumber);
    CHECK(decimal_to_count("1e16") == kMostOfOneNumber);
    CHECK_FALSE(decimal_to_count("-3"));
}
