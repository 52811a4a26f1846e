// The list of settings against the code that reads them.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "base/limits.hpp"
#include "config/config.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using namespace edgepool::config;

namespace {

const Setting& setting(const std::vector<Setting>& settings, std::string_view name) {
    for (const Setting& each : settings) {
        if (each.name == name) return each;
    }
    static const Setting none;
    return none;
}

bool is_variable_character(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// Texts in the sources of config/ that look like a variable's name: "ABC_DEF".
std::set<std::string> variables_that_are_read() {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(EDGEPOOL_SOURCE_DIR) / "src/config")) {
        if (entry.path().filename() == "settings.cpp") continue;
        std::ifstream file(entry.path());
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        for (std::size_t open = text.find('"'); open != std::string::npos; open = text.find('"', open + 1)) {
            std::size_t end = open + 1;
            while (end < text.size() && is_variable_character(text[end])) ++end;
            const std::string name = text.substr(open + 1, end - open - 1);
            const bool is_name = end < text.size() && text[end] == '"' && name.find('_') != std::string::npos && name.back() != '_';
            if (is_name) names.insert(name);
        }
    }
    return names;
}

}  // namespace

TEST_CASE("every variable that the configuration reads is in the list of settings") {
    const std::vector<Setting> settings = read_settings({});
    const std::set<std::string> names = variables_that_are_read();
    CHECK(names.count("MAX_ATTEMPTS") == 1);
    for (const std::string& name : names) {
        CAPTURE(name);
        CHECK(setting(settings, name).name == name);
    }
}

TEST_CASE("no setting is listed twice, and the defaults that are shown are the ones that count") {
    std::set<std::string> names;
    for (const Setting& each : read_settings({})) {
        CAPTURE(each.name);
        CHECK(names.insert(each.name).second);
    }
    Variables written;
    for (const Setting& each : read_settings({})) {
        if (!each.fallback.empty()) written = Variables({{each.name, each.fallback}});
        const Config config = read_config(written), plain = read_config({});
        CAPTURE(each.name);
        CHECK(config.problems.empty());
        CHECK(config.max_attempts == plain.max_attempts);
        CHECK(config.max_body_bytes == plain.max_body_bytes);
        CHECK(config.timeouts.first_byte_ms == plain.timeouts.first_byte_ms);
        CHECK(config.timeouts.idle_ms == plain.timeouts.idle_ms);
        CHECK(config.timeouts.request_ms == plain.timeouts.request_ms);
        CHECK(config.timeouts.failover_ms == plain.timeouts.failover_ms);
        CHECK(config.retention_days == plain.retention_days);
        CHECK(config.display_offset_minutes == plain.display_offset_minutes);
        CHECK(config.strategy == plain.strategy);
        for (std::size_t i = 0; i < config.providers.size(); ++i) CHECK(config.providers[i].base_url == plain.providers[i].base_url);
    }
}

TEST_CASE("a setting's value is shown unless it is a secret or may hold a password, and is cut where it is long") {
    const std::string long_value(limits::kMaxShownValueBytes, 'x');
    const std::vector<Setting> settings = read_settings({{"ADMIN_TOKEN", "a-secret"},
                                                         {"SUPABASE_SERVICE_ROLE_KEY", "another-secret"},
                                                         {"DATABASE_URL", "postgresql://u:p@h/d"},
                                                         {"SUPABASE_REST_URL", "postgresql://u:p@h/d"},
                                                         {"KEY_STRATEGY", "affinity"},
                                                         {"ADMIN_CORS_ORIGINS", long_value + "y"}});
    for (const char* hidden : {"ADMIN_TOKEN", "SUPABASE_SERVICE_ROLE_KEY", "DATABASE_URL", "SUPABASE_REST_URL"}) {
        CAPTURE(hidden);
        CHECK(setting(settings, hidden).is_set);
        CHECK(setting(settings, hidden).value.empty());
    }
    CHECK(setting(settings, "KEY_STRATEGY").value == "affinity");
    CHECK(setting(settings, "ADMIN_CORS_ORIGINS").value == long_value);
    CHECK(!setting(settings, "MAX_ATTEMPTS").is_set);
}
