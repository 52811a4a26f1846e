#include "config/variables.hpp"

#include "base/text.hpp"

namespace edgepool::config {

Variables Variables::from_wire(std::string_view wire) {
    Variables variables;
    while (!wire.empty()) {
        const std::size_t name_end = wire.find('\0');
        if (name_end == std::string_view::npos) break;
        const std::size_t value_end = wire.find('\0', name_end + 1);
        if (value_end == std::string_view::npos) break;
        variables.values_.insert_or_assign(std::string(wire.substr(0, name_end)),
                                           std::string(wire.substr(name_end + 1, value_end - name_end - 1)));
        wire.remove_prefix(value_end + 1);
    }
    return variables;
}

std::string_view Variables::get(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string_view{} : trim(found->second);
}

}  // namespace edgepool::config
