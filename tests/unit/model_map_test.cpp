#include "config/model_map.hpp"

#include "base/limits.hpp"
#include "config/config.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using config::ModelMap;

namespace {

const Provider& ollama() { return *find_provider("ollama"); }
const Provider& openrouter() { return *find_provider("openrouter"); }

std::string alias_of(const ModelMap& map, const Provider& provider, std::string_view model) {
    const auto& targets = map.find(provider, model);
    return targets.empty() ? "(none)" : targets.front().model;
}

std::string many_rows(std::size_t count) {
    std::string text = "{";
    for (std::size_t i = 0; i < count; ++i) text.append(i == 0 ? "" : ",").append("\"m").append(std::to_string(i)).append("\":\"n\"");
    return text + "}";
}

}  // namespace

TEST_CASE("an alias holds for every provider, or for the one that it stands under, which goes first") {
    ModelMap map;
    CHECK_FALSE(map.read_aliases(R"({"gpt-4o":"openai/gpt-4o","fast":"small","openrouter":{"fast":"vendor/small"},"ollama":{"slow":"large"}})"));
    CHECK(alias_of(map, ollama(), "gpt-4o") == "openai/gpt-4o");
    CHECK(alias_of(map, openrouter(), "gpt-4o") == "openai/gpt-4o");
    CHECK(alias_of(map, ollama(), "fast") == "small");
    CHECK(alias_of(map, openrouter(), "fast") == "vendor/small");
    CHECK(alias_of(map, openrouter(), "slow") == "(none)");
    CHECK(alias_of(map, ollama(), "openai/gpt-4o") == "(none)");
    CHECK(alias_of(map, ollama(), "FAST") == "(none)");
}

TEST_CASE("a model may be called like a provider") {
    ModelMap map;
    CHECK_FALSE(map.read_aliases(R"({"ollama":"llama"})"));
    CHECK(alias_of(map, openrouter(), "ollama") == "llama");
}

TEST_CASE("a fallback names a model of the same provider, or of the one before its first colon") {
    ModelMap map;
    CHECK_FALSE(map.read_fallbacks(R"({"gpt-oss:120b":["gpt-oss:20b","openrouter:openai/gpt-oss:free","ollama:gpt-oss:20b"]})"));
    const auto& targets = map.find(openrouter(), "gpt-oss:120b");
    REQUIRE(targets.size() == 3);
    CHECK(targets[0].provider == nullptr);
    CHECK(targets[0].model == "gpt-oss:20b");
    CHECK(targets[1].provider == &openrouter());
    CHECK(targets[1].model == "openai/gpt-oss:free");
    CHECK(targets[2].provider == &ollama());
    CHECK(targets[2].model == "gpt-oss:20b");
}

TEST_CASE("what is no such map is told in words") {
    for (const char* text : {"", "[]", "\"text\"", "{\"a\":\"b\"", "{\"a\":1}", "{\"a\":\"\"}", "{\"a\":[\"b\"]}", "{\"a\":null}", "{\"a\":\"b c\"}", "{\"a\":\"b\\n\"}",
                             "{\"nobody\":{\"a\":\"b\"}}", "{\"ollama\":{\"a\":{\"b\":\"c\"}}}"}) {
        CAPTURE(text);
        CHECK(ModelMap().read_aliases(text));
    }
    for (const char* text : {"{\"a\":\"b\"}", "{\"a\":[]}", "{\"a\":[1]}", "{\"a\":[\"\"]}", "{\"a\":[\"openrouter:\"]}", "{\"ollama\":[\"b\", null]}"}) {
        CAPTURE(text);
        CHECK(ModelMap().read_fallbacks(text));
    }
    CHECK(ModelMap().read_aliases(R"({"nobody":{"a":"b"}})").value() == "\"nobody\" is no provider's id");
}

TEST_CASE("a map holds as many models as its bound, a model as many fallbacks as theirs, a name as many characters") {
    CHECK_FALSE(ModelMap().read_aliases(many_rows(limits::kMaxModelRows)));
    CHECK(ModelMap().read_aliases(many_rows(limits::kMaxModelRows + 1)));
    const auto list = [](std::size_t count) {
        std::string text = "{\"a\":[";
        for (std::size_t i = 0; i < count; ++i) text += i == 0 ? "\"b\"" : ",\"b\"";
        return text + "]}";
    };
    CHECK_FALSE(ModelMap().read_fallbacks(list(limits::kMaxFallbacks)));
    CHECK(ModelMap().read_fallbacks(list(limits::kMaxFallbacks + 1)));
    const auto named = [](std::size_t length) { return "{\"a\":\"" + std::string(length, 'm') + "\"}"; };
    CHECK_FALSE(ModelMap().read_aliases(named(limits::kMaxModelBytes)));
    CHECK(ModelMap().read_aliases(named(limits::kMaxModelBytes + 1)));
}
