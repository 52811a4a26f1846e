// MODEL_ALIASES and MODEL_FALLBACKS of any content: read, or told as a problem. What is found for a model is what the JSON says of it, a
// provider's own word before the general one, and fit for a header.
#include <algorithm>
#include <string>

#include "base/limits.hpp"
#include "config/model_map.hpp"
#include "fuzz/fuzz_check.hpp"
#include "json/dom.hpp"

using namespace edgepool;
using edgepool::fuzz::check;
using json::Json;

namespace {

// As the client would have to be answered by the document alone; null when it says nothing.
Json said_of(const Json& document, const Provider& provider, const std::string& model) {
    const auto own = document.find(provider.id);
    if (own != document.end() && own->is_object() && own->contains(model)) return own->at(model);
    const auto general = document.find(model);
    return general == document.end() || general->is_object() ? Json() : *general;
}

std::string name_of(const config::ModelTarget& target, bool has_provider) {
    return has_provider && target.provider != nullptr ? std::string(target.provider->id) + ":" + target.model : target.model;
}

void check_model(const config::ModelMap& map, const Json& document, const std::string& model, bool is_alias) {
    for (const Provider& provider : providers()) {
        Json said = said_of(document, provider, model);
        if (said.is_string()) said = Json::array({said});
        const auto& targets = map.find(provider, model);
        check(targets.size() == (said.is_null() ? 0 : said.size()));
        for (std::size_t i = 0; i < targets.size(); ++i) {
            check(name_of(targets[i], !is_alias) == said[i].get_ref<const std::string&>());
            const std::string& name = targets[i].model;
            check(!name.empty() && name.size() <= limits::kMaxModelBytes && std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; }));
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    for (const bool is_alias : {true, false}) {
        config::ModelMap map;
        const auto problem = is_alias ? map.read_aliases(text) : map.read_fallbacks(text);
        if (problem) {
            check(!problem->empty());
            continue;
        }
        const Json document = *json::parse(text);
        for (auto member = document.begin(); member != document.end(); ++member) {
            check_model(map, document, member.key(), is_alias);
            if (!member->is_object()) continue;
            for (auto own = member->begin(); own != member->end(); ++own) check_model(map, document, own.key(), is_alias);
        }
    }
    return 0;
}
