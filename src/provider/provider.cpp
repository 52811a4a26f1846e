#include "provider/provider.hpp"

#include <array>

#include "provider/rows.hpp"

namespace edgepool {
namespace {

const std::array<Provider, 2>& rows() {
    static const std::array<Provider, 2> kRows = {kOllama, kOpenRouter};
    return kRows;
}

}  // namespace

std::span<const Provider> providers() { return rows(); }

const Provider* find_provider(std::string_view id) {
    for (const Provider& provider : rows()) {
        if (provider.id == id) return &provider;
    }
    return nullptr;
}

std::size_t provider_index(const Provider& provider) {
    for (std::size_t i = 0; i < rows().size(); ++i) {
        if (rows()[i].id == provider.id) return i;
    }
    return rows().size();
}

}  // namespace edgepool
