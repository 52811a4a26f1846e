// Prometheus' text format, and amounts as decimals.
#include <cstdint>
#include <limits>

#include "app/metrics_text.hpp"
#include "support/catch.hpp"

using namespace edgepool::app;

TEST_CASE("a family is its help, its type and its samples") {
    MetricsText out;
    out.family("requests_total", "counter", "All of them.");
    out.sample({{"provider", "a"}, {"outcome", "success"}}, "3");
    out.sample({}, "4");
    out.family("seconds", "summary", "Time.");
    out.sample({{"model", "m"}}, "0.250", "_sum");
    CHECK(out.take() ==
          "# HELP requests_total All of them.\n# TYPE requests_total counter\nrequests_total{provider=\"a\",outcome=\"success\"} 3\nrequests_total 4\n"
          "# HELP seconds Time.\n# TYPE seconds summary\nseconds_sum{model=\"m\"} 0.250\n");
}

TEST_CASE("a label's value cannot end the label, the line or the text's encoding") {
    MetricsText out;
    out.family("n", "gauge", "h");
    out.sample({{"model", std::string_view("a\"} 1\nevil{x=\"\\\t\r\0\x7f\xff", 20)}}, "1");
    CHECK(out.take() == "# HELP n h\n# TYPE n gauge\nn{model=\"a\\\"} 1\\nevil{x=\\\"\\\\    \xEF\xBF\xBD\"} 1\n");
}

TEST_CASE("smallest units become decimals without rounding") {
    CHECK(decimal_text(0, 9) == "0.000000000");
    CHECK(decimal_text(1, 9) == "0.000000001");
    CHECK(decimal_text(999'999'999, 9) == "0.999999999");
    CHECK(decimal_text(1'000'000'000, 9) == "1.000000000");
    CHECK(decimal_text(9'007'199'254'740'993, 9) == "9007199.254740993");
    CHECK(decimal_text(-1'500, 3) == "-1.500");
    CHECK(decimal_text(42, 0) == "42");
    CHECK(decimal_text(std::numeric_limits<std::int64_t>::min(), 9) == "-9223372036.854775808");
}
