#include "conformance/fixture.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.hpp"

namespace edgepool::conformance {
namespace {

namespace fs = std::filesystem;

std::string text_of(const json::Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

Fixture read(const Provider& provider, const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    Fixture fixture;
    fixture.name = std::string(provider.id) + "/" + path.stem().string();
    fixture.provider = &provider;
    fixture.file = json::parse(text).value_or(json::Json());
    fixture.now_ms = fixture.file.value("now_ms", 0.0);
    fixture.status = fixture.file.value("status", 0);
    for (const auto& [name, value] : fixture.file.at("headers").items()) fixture.headers.add(ascii_lower(name), text_of(value));
    fixture.body = text_of(fixture.file.at("body"));
    return fixture;
}

}  // namespace

verdict::Answer Fixture::answer() const {
    verdict::Answer answer;
    answer.status = status;
    answer.headers = &headers;
    answer.body = body;
    answer.model = "practice/model:free";
    answer.in_success = status == 200;
    return answer;
}

const std::vector<Fixture>& fixtures() {
    static const std::vector<Fixture> kAll = [] {
        std::vector<Fixture> all;
        for (const Provider& provider : providers()) {
            const fs::path folder = fs::path(EDGEPOOL_SOURCE_DIR) / "tests/fixtures/providers" / std::string(provider.id);
            if (!fs::is_directory(folder)) continue;
            for (const auto& entry : fs::directory_iterator(folder)) {
                if (entry.path().extension() == ".json") all.push_back(read(provider, entry.path()));
            }
        }
        std::sort(all.begin(), all.end(), [](const Fixture& a, const Fixture& b) { return a.name < b.name; });
        return all;
    }();
    return kAll;
}

}  // namespace edgepool::conformance
