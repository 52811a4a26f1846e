// The one direction of includes, read from the sources themselves: base <- json, http, coro <- verdict, provider, keys, usage, stream,
// stats, config, auth, limits, redis <- rewrite, store, host <- app <- worker. And nobody but the provider table names a provider.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

namespace fs = std::filesystem;

struct Source {
    fs::path path;
    std::string folder;  // "json", "app", ..., "worker"
    std::string text;
};

std::vector<Source> sources() {
    std::vector<Source> out;
    const fs::path root = EDGEPOOL_SOURCE_DIR;
    const auto read = [&](const fs::path& path, std::string folder) {
        if (path.extension() != ".cpp" && path.extension() != ".hpp" && path.extension() != ".def") return;
        std::ifstream file(path);
        out.push_back({path, std::move(folder), {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()}});
    };
    for (const auto& entry : fs::recursive_directory_iterator(root / "src")) {
        if (entry.is_regular_file()) read(entry.path(), fs::relative(entry.path(), root / "src").begin()->string());
    }
    for (const auto& entry : fs::recursive_directory_iterator(root / "worker")) {
        if (entry.is_regular_file()) read(entry.path(), "worker");
    }
    return out;
}

// What each folder may include, besides itself.
const std::map<std::string, std::vector<std::string>>& allowed() {
    static const std::map<std::string, std::vector<std::string>> kAllowed = [] {
        std::map<std::string, std::vector<std::string>> rows;
        std::vector<std::string> below;
        for (const std::vector<std::string>& layer : std::vector<std::vector<std::string>>{{"base"},
                                                                                           {"json", "http", "coro"},
                                                                                           {"verdict", "provider", "keys", "usage", "stream", "stats", "config", "auth", "limits", "redis"},
                                                                                           {"rewrite", "store", "host", "cache"},
                                                                                           {"app"},
                                                                                           {"worker"}}) {
            // Folders of one layer may know each other; cycles between files are seen below.
            std::vector<std::string> reach = below;
            reach.insert(reach.end(), layer.begin(), layer.end());
            for (const std::string& folder : layer) rows[folder] = reach;
            below = reach;
        }
        return rows;
    }();
    return kAllowed;
}

std::vector<std::string> includes_of(const Source& source) {
    std::vector<std::string> names;
    const std::regex include("#include \"([^\"]+)\"");
    for (std::sregex_iterator at(source.text.begin(), source.text.end(), include), end; at != end; ++at) names.push_back((*at)[1]);
    return names;
}

std::string without_comments(const std::string& text) {
    return std::regex_replace(text, std::regex("//[^\n]*"), "");
}

}  // namespace

TEST_CASE("includes go one way only") {
    std::size_t edges = 0;
    for (const Source& source : sources()) {
        CAPTURE(source.path.string());
        const auto row = allowed().find(source.folder);
        REQUIRE(row != allowed().end());
        for (const std::string& name : includes_of(source)) {
            CAPTURE(name);
            ++edges;
            REQUIRE(name.find('/') != std::string::npos);
            CHECK(name.find("..") == std::string::npos);
            const std::string target = name.substr(0, name.find('/'));
            CHECK(std::find(row->second.begin(), row->second.end(), target) != row->second.end());
        }
    }
    CHECK(edges > 200);
}

TEST_CASE("no header includes itself by a detour") {
    std::map<std::string, std::vector<std::string>> graph;
    const fs::path root = EDGEPOOL_SOURCE_DIR;
    for (const Source& source : sources()) {
        if (source.path.extension() != ".hpp") continue;
        const fs::path base = source.folder == "worker" ? root : root / "src";
        graph[fs::relative(source.path, base).string()] = includes_of(source);
    }
    std::map<std::string, int> state;  // 1 = being visited, 2 = done
    std::vector<std::string> cycle;
    const auto visit = [&](const auto& self, const std::string& name) -> void {
        if (state[name] == 1) cycle.push_back(name);
        if (state[name] != 0) return;
        state[name] = 1;
        for (const std::string& next : graph[name]) self(self, next);
        state[name] = 2;
    };
    std::vector<std::string> names;
    for (const auto& [name, edges] : graph) names.push_back(name);
    for (const std::string& name : names) visit(visit, name);
    for (const std::string& name : cycle) CHECK(name == "");
}

TEST_CASE("nobody but the provider table names a provider") {
    // "ollama" is also the name of a dialect, and of the routes that only it has.
    const std::regex dialect(R"(Dialect::ollama|serves_ollama_native|\bollama\b\s*[,}]|message of ollama)");
    for (const Source& source : sources()) {
        if (source.folder == "provider") continue;
        CAPTURE(source.path.string());
        const std::string code = std::regex_replace(without_comments(source.text), dialect, "");
        CHECK_FALSE(std::regex_search(code, std::regex("openrouter", std::regex::icase)));
        const bool is_literal = std::regex_search(code, std::regex("\"[^\"]*ollama[^\"]*\"", std::regex::icase));
        CHECK_FALSE(is_literal);
    }
}

TEST_CASE("the core knows no clock, no randomness of its own, no stream library and no exception") {
    const std::regex forbidden(R"(#include <(chrono|random|iostream|sstream|fstream|regex|thread|mutex|future|ctime|exception|stdexcept|format)>|\bthrow\b|\btry\s*\{|\btime\(nullptr\)|\brand\(\))");
    for (const Source& source : sources()) {
        CAPTURE(source.path.string());
        CHECK_FALSE(std::regex_search(without_comments(source.text), forbidden));
    }
}
