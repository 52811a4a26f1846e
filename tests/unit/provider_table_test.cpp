#include <set>

#include "base/text.hpp"
#include "provider/provider.hpp"
#include "support/catch.hpp"

using namespace edgepool;

TEST_CASE("providers are found by id and by place, and exactly one serves paths without a prefix") {
    int defaults = 0;
    std::set<std::string_view> ids;
    for (std::size_t i = 0; i < providers().size(); ++i) {
        const Provider& provider = providers()[i];
        CHECK(find_provider(provider.id) == &provider);
        CHECK(provider_index(provider) == i);
        defaults += provider.is_default ? 1 : 0;
        ids.insert(provider.id);
    }
    CHECK(defaults == 1);
    CHECK(ids.size() == providers().size());
    CHECK(find_provider("nobody") == nullptr);
    CHECK(find_provider("") == nullptr);
}

TEST_CASE("every row of the table is complete") {
    for (const Provider& provider : providers()) {
        INFO(provider.id);
        CHECK(provider.default_base_url.substr(0, 8) == "https://");
        CHECK(provider.default_base_url.back() != '/');
        CHECK(provider.base_url_variable.size() > 9);
        CHECK(provider.disable_variable.substr(0, 8) == "DISABLE_");
        CHECK(provider.probe_path.front() == '/');
        CHECK(provider.models_path.front() == '/');
        CHECK(provider.probe_format != ProbeFormat::none);
        CHECK_FALSE(provider.rules.empty());
        for (const std::string_view member : provider.model_choosing_members) CHECK(member == ascii_lower(member));
    }
}
