// The environment's variables as the host hands them over: names exactly as written, text values only.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace edgepool::config {

class Variables {
public:
    Variables() = default;
    Variables(std::initializer_list<std::pair<const std::string, std::string>> values) : values_(values) {}

    // From the boundary's wire: name NUL value NUL, repeated.
    static Variables from_wire(std::string_view wire);

    // The trimmed value, or an empty view when unset.
    std::string_view get(std::string_view name) const;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace edgepool::config
