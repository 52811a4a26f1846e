// web/public/openapi.json and the router name the same routes, and the document holds together.
#include <fstream>
#include <set>
#include <sstream>

#include "app/router.hpp"
#include "json/dom.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using json::Json;

namespace {

const Json& document() {
    static const Json parsed = [] {
        std::ifstream file(EDGEPOOL_SOURCE_DIR "/web/public/openapi.json");
        std::stringstream text;
        text << file.rdbuf();
        return json::parse(text.str()).value_or(Json());
    }();
    return parsed;
}

std::string in_capitals(std::string text) {
    for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return text;
}

// "/admin/keys/{id}" as the router writes it: "/admin/keys/*".
std::string with_stars(std::string path) {
    for (std::size_t open = path.find('{'); open != std::string::npos; open = path.find('{')) {
        path.replace(open, path.find('}', open) - open + 1, "*");
    }
    return path;
}

// "GET /openrouter/v1/models" for every server of every path of the document.
std::set<std::string> documented_routes() {
    std::set<std::string> routes;
    for (const auto& [path, item] : document().at("paths").items()) {
        const Json servers = item.contains("servers") ? item.at("servers") : document().at("servers");
        for (const Json& server : servers) {
            std::string prefix = server.at("url").get<std::string>();
            if (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
            for (const auto& [method, operation] : item.items()) {
                if (operation.is_object()) routes.insert(in_capitals(method) + " " + prefix + with_stars(path));
            }
        }
    }
    return routes;
}

void collect_references(const Json& value, std::set<std::string>& references) {
    if (value.is_object() && value.contains("$ref")) references.insert(value.at("$ref").get<std::string>());
    for (const Json& item : value) {
        if (item.is_structured()) collect_references(item, references);
    }
}

}  // namespace

TEST_CASE("every route of the router is in the API document") {
    const std::set<std::string> documented = documented_routes();
    for (const app::RouteName& route : app::all_routes()) {
        const std::string name = std::string(route.method) + " " + route.path;
        CAPTURE(name);
        CHECK(documented.count(name) == 1);
    }
}

TEST_CASE("every route of the API document is served") {
    std::set<std::string> served;
    for (const app::RouteName& route : app::all_routes()) served.insert(std::string(route.method) + " " + route.path);
    for (const std::string& name : documented_routes()) {
        CAPTURE(name);
        CHECK(served.count(name) == 1);
    }
}

TEST_CASE("every reference of the API document leads somewhere in it, and nothing in it is left unused") {
    std::set<std::string> references;
    collect_references(document(), references);
    REQUIRE(references.size() > 50);
    for (const std::string& reference : references) {
        CAPTURE(reference);
        REQUIRE(reference.rfind("#/", 0) == 0);
        CHECK(document().contains(Json::json_pointer(reference.substr(1))));
    }
    for (const auto& [kind, parts] : document().at("components").items()) {
        if (kind == "securitySchemes") continue;
        for (const auto& [name, part] : parts.items()) {
            CAPTURE(kind, name);
            CHECK(references.count("#/components/" + kind + "/" + name) == 1);
        }
    }
}

TEST_CASE("every operation of the API document has a name of its own, a known tag, a summary, an answer and its path's parameters") {
    std::set<std::string> tags, names;
    for (const Json& tag : document().at("tags")) tags.insert(tag.at("name").get<std::string>());
    for (const auto& [path, item] : document().at("paths").items()) {
        for (const auto& [method, operation] : item.items()) {
            if (!operation.is_object()) continue;
            CAPTURE(method, path);
            CHECK(names.insert(operation.at("operationId").get<std::string>()).second);
            REQUIRE(operation.at("tags").size() == 1);
            CHECK(tags.count(operation.at("tags").front().get<std::string>()) == 1);
            CHECK(!operation.at("summary").get<std::string>().empty());
            CHECK(operation.at("responses").contains("200"));
            std::set<std::string> in_path;
            for (const Json& given : operation.value("parameters", Json::array())) {
                const Json& parameter = given.contains("$ref") ? document().at(Json::json_pointer(given.at("$ref").get<std::string>().substr(1))) : given;
                if (parameter.at("in") == "path") in_path.insert("{" + parameter.at("name").get<std::string>() + "}");
            }
            for (const std::string& part : in_path) CHECK(path.find(part) != std::string::npos);
            CHECK(static_cast<std::size_t>(std::count(path.begin(), path.end(), '{')) == in_path.size());
        }
    }
}
