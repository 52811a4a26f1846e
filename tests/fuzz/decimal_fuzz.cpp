// Nano-dollars against floating point, where that is good enough to tell a wrong power of ten or a wrong digit, and against the grammar.
#include <cmath>
#include <cstdlib>
#include <string>

#include "fuzz/fuzz_check.hpp"
#include "json/decimal.hpp"
#include "json/scan.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::text_of(data, size));
    const auto nano = json::decimal_to_nano(text);
    const auto count = json::decimal_to_count(text);
    check(nano.has_value() == count.has_value());

    const auto range = json::scan_value(text);
    const bool is_number = range && range->begin == 0 && range->end == text.size() && json::kind_of(text) == json::Kind::number;
    if (!is_number) {
        check(!nano);
        return 0;
    }
    const double value = std::strtod(text.c_str(), nullptr);
    if (!nano) {
        check(text.front() == '-' && value <= 0);
        return 0;
    }
    check(value >= 0);
    const double most = static_cast<double>(json::kMostOfOneNumber);
    const double expected = std::fmin(value * 1e9, most);
    check(std::fabs(static_cast<double>(*nano) - expected) <= 1 + expected * 1e-12);
    check(std::fabs(static_cast<double>(*count) - std::fmin(value, most)) <= 0.5 + value * 1e-12);
    check(*nano >= 0 && *nano <= json::kMostOfOneNumber);
    return 0;
}
