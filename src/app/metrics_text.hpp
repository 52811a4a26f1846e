// Prometheus' text format, version 0.0.4, written family by family: names, help and labels as its parsers want them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace edgepool::app {

// A label's value may be any text; its name is ours.
struct MetricLabel {
    std::string_view name;
    std::string_view value;
};

class MetricsText {
public:
    // Begins a family; its samples follow. `type`: counter, gauge or summary.
    void family(std::string_view name, std::string_view type, std::string_view help);

    // A sample of the family that was begun, `suffix` behind its name ("_sum", "_count", or nothing).
    void sample(std::initializer_list<MetricLabel> labels, std::string_view value, std::string_view suffix = {});

    std::string take() { return std::move(text_); }

private:
    std::string text_;
    std::string name_;
};

// A number of smallest units as a decimal fraction: (1'500, 3) is "1.500", (-1, 9) is "-0.000000001".
std::string decimal_text(std::int64_t value, unsigned digits);

}  // namespace edgepool::app
