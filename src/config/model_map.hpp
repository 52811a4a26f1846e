// The operator's words about models: MODEL_ALIASES (what a client's name for a model is called by the provider) and MODEL_FALLBACKS (which
// models to ask when one cannot serve). Both are one JSON object from a model's name to its value; a member whose name is a provider's id
// and whose value is an object speaks of that provider alone and goes before the general ones. Pure data, read once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provider/provider.hpp"

namespace edgepool::config {

// A model as its provider names it.
struct ModelTarget {
    const Provider* provider = nullptr;  // null: the provider of the request
    std::string model;
};

class ModelMap {
public:
    // {"gpt-4o": "openai/gpt-4o", "openrouter": {"fast": "vendor/model"}}. The problem in words, or nullopt when it was read.
    std::optional<std::string> read_aliases(std::string_view text);

    // {"gpt-oss:120b": ["gpt-oss:20b", "openrouter:openai/gpt-oss-120b"]}: what stands before the first colon names a provider when it is
    // the id of one. The problem in words, or nullopt when it was read.
    std::optional<std::string> read_fallbacks(std::string_view text);

    // What was said of `model` for requests to `provider`, in order; empty when nothing was. Good as long as the map.
    const std::vector<ModelTarget>& find(const Provider& provider, std::string_view model) const;

private:
    struct Row {
        const Provider* provider = nullptr;  // null: whichever
        std::string model;
        std::vector<ModelTarget> targets;
    };
    enum class Form { alias, fallbacks };

    std::optional<std::string> read(std::string_view text, Form form);

    std::vector<Row> rows_;
};

}  // namespace edgepool::config
