#include "http/headers.hpp"

#include "base/text.hpp"

namespace edgepool {

Headers::Headers() = default;
Headers::Headers(std::initializer_list<Field> fields) : fields_(fields) {}
Headers::Headers(const Headers&) = default;
Headers::Headers(Headers&&) noexcept = default;
Headers& Headers::operator=(const Headers&) = default;
Headers& Headers::operator=(Headers&&) noexcept = default;
Headers::~Headers() = default;

std::string_view Headers::get(std::string_view lower_name) const {
    for (const auto& [name, value] : fields_) {
        if (name == lower_name) return value;
    }
    return {};
}

bool Headers::has(std::string_view lower_name) const {
    for (const auto& field : fields_) {
        if (field.first == lower_name) return true;
    }
    return false;
}

void Headers::add(std::string_view lower_name, std::string_view value) { fields_.emplace_back(lower_name, value); }

void Headers::set(std::string_view lower_name, std::string_view value) {
    for (auto& [name, old] : fields_) {
        if (name == lower_name) {
            old = value;
            return;
        }
    }
    add(lower_name, value);
}

std::string Headers::to_wire() const {
    std::string wire;
    for (const auto& [name, value] : fields_) {
        wire.append(name).push_back('\0');
        wire.append(value).push_back('\0');
    }
    return wire;
}

Headers Headers::from_wire(std::string_view wire) {
    Headers headers;
    while (!wire.empty()) {
        const std::size_t name_end = wire.find('\0');
        if (name_end == std::string_view::npos) break;
        const std::size_t value_end = wire.find('\0', name_end + 1);
        if (value_end == std::string_view::npos) break;
        headers.add(ascii_lower(wire.substr(0, name_end)), wire.substr(name_end + 1, value_end - name_end - 1));
        wire.remove_prefix(value_end + 1);
    }
    return headers;
}

}  // namespace edgepool
