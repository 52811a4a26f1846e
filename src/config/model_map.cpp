#include "config/model_map.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "json/dom.hpp"

namespace edgepool::config {
namespace {

using json::Json;

// The name goes into headers and bodies: printable ASCII is all that providers use.
bool is_model_name(std::string_view name) {
    return !name.empty() && name.size() <= limits::kMaxModelBytes && std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// "openrouter:vendor/model" or a model of the request's own provider.
ModelTarget target_of(std::string_view name) {
    const std::size_t colon = name.find(':');
    const Provider* provider = colon == name.npos ? nullptr : find_provider(name.substr(0, colon));
    return {provider, std::string(provider == nullptr ? name : name.substr(colon + 1))};
}

std::optional<std::vector<ModelTarget>> fallbacks_in(const Json& list) {
    if (!list.is_array() || list.empty() || list.size() > limits::kMaxFallbacks) return std::nullopt;
    std::vector<ModelTarget> targets;
    for (const Json& name : list) {
        if (!name.is_string()) return std::nullopt;
        targets.push_back(target_of(name.get_ref<const std::string&>()));
        if (!is_model_name(targets.back().model)) return std::nullopt;
    }
    return targets;
}

std::optional<std::vector<ModelTarget>> alias_in(const Json& name) {
    if (!name.is_string() || !is_model_name(name.get_ref<const std::string&>())) return std::nullopt;
    return std::vector<ModelTarget>{{nullptr, name.get<std::string>()}};
}

std::string what_fits(bool is_alias) {
    return is_alias ? "a model's name of at most " + std::to_string(limits::kMaxModelBytes) + " printable characters"
                    : "a list of one to " + std::to_string(limits::kMaxFallbacks) + " models' names";
}

}  // namespace

std::optional<std::string> ModelMap::read_aliases(std::string_view text) { return read(text, Form::alias); }

std::optional<std::string> ModelMap::read_fallbacks(std::string_view text) { return read(text, Form::fallbacks); }

std::optional<std::string> ModelMap::read(std::string_view text, Form form) {
    const std::optional<Json> document = json::parse(text);
    if (!document || !document->is_object()) return "must be a JSON object";
    const auto take = [&](const Provider* provider, const Json& object) -> std::optional<std::string> {
        for (auto member = object.begin(); member != object.end(); ++member) {
            if (provider == nullptr && member->is_object()) continue;
            auto targets = form == Form::alias ? alias_in(*member) : fallbacks_in(*member);
            if (!targets) return "\"" + member.key() + "\" must be " + what_fits(form == Form::alias);
            rows_.push_back({provider, member.key(), std::move(*targets)});
            if (rows_.size() > limits::kMaxModelRows) return "holds more than " + std::to_string(limits::kMaxModelRows) + " models";
        }
        return std::nullopt;
    };
    // A provider's own rows come first: find() takes the first that fits.
    for (auto member = document->begin(); member != document->end(); ++member) {
        if (!member->is_object()) continue;
        const Provider* provider = find_provider(member.key());
        if (provider == nullptr) return "\"" + member.key() + "\" is no provider's id";
        if (auto problem = take(provider, *member)) return problem;
    }
    return take(nullptr, *document);
}

const std::vector<ModelTarget>& ModelMap::find(const Provider& provider, std::string_view model) const {
    static const std::vector<ModelTarget> kNone;
    for (const Row& row : rows_) {
        if (row.model == model && (row.provider == nullptr || row.provider == &provider)) return row.targets;
    }
    return kNone;
}

}  // namespace edgepool::config
