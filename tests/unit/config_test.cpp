#include "config/config.hpp"

#include "provider/provider.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using config::Config;
using config::read_config;
using config::rest_url_of;
using config::Variables;

namespace {

Config read(std::initializer_list<std::pair<const char*, const char*>> more) {
    std::string wire;
    const auto add = [&](std::string_view name, std::string_view value) { wire.append(name).append(1, '\0').append(value).append(1, '\0'); };
    add("ADMIN_TOKEN", "the-admins-own-token");
    add("SUPABASE_REST_URL", "https://database.example/rest/v1");
    add("SUPABASE_SERVICE_ROLE_KEY", "sb_secret_x");
    for (const auto& [name, value] : more) add(name, value);
    return read_config(Variables::from_wire(wire));
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("with nothing set the configuration names all that is missing") {
    const Config config = read_config({});
    CHECK_FALSE(config.usable());
    CHECK(config.missing == Names{"ADMIN_TOKEN", "SUPABASE_REST_URL", "SUPABASE_SERVICE_ROLE_KEY"});
    CHECK(config::configuration_gap(config) == "not configured: set ADMIN_TOKEN, SUPABASE_REST_URL, SUPABASE_SERVICE_ROLE_KEY");
}

TEST_CASE("three variables are enough, everything else has a default") {
    const Config config = read({});
    CHECK(config.usable());
    CHECK(config::configuration_gap(config).empty());
    CHECK(config.max_attempts == 4);
    CHECK(config.max_body_bytes == 25u << 20);
    CHECK(config.display_offset_minutes == 480);
    REQUIRE(config.providers.size() == providers().size());
    for (std::size_t i = 0; i < providers().size(); ++i) {
        CHECK(config.providers[i].base_url == providers()[i].default_base_url);
        CHECK_FALSE(config.providers[i].disabled);
    }
}

TEST_CASE("an admin token left at a placeholder is as good as unset") {
    for (const char* token : {"", "  ", "change-me", "CHANGEME", "admin", "your-admin-token", "<your token>", "[token]", "xxx"}) {
        CAPTURE(token);
        CHECK(read({{"ADMIN_TOKEN", token}}).missing == Names{"ADMIN_TOKEN"});
    }
    CHECK(read({{"ADMIN_TOKEN", "administrator-7"}}).usable());
}

TEST_CASE("a number is taken at its bounds and is a problem one past them") {
    const auto [name, lowest, highest, below, above] = GENERATE(table<const char*, const char*, const char*, const char*, const char*>(
        {{"MAX_ATTEMPTS", "1", "10", "0", "11"},
         {"MAX_BODY_BYTES", "1024", "33554432", "1023", "33554433"},
         {"FIRST_BYTE_TIMEOUT_MS", "100", "3600000", "99", "3600001"},
         {"IDLE_TIMEOUT_MS", "100", "3600000", "99", "3600001"},
         {"REQUEST_TIMEOUT_MS", "100", "3600000", "99", "3600001"},
         {"FAILOVER_TIMEOUT_MS", "100", "3600000", "99", "3600001"},
         {"RETENTION_DAYS", "1", "3650", "0", "3651"}}));
    CAPTURE(name);
    CHECK(read({{name, lowest}}).usable());
    CHECK(read({{name, highest}}).usable());
    for (const char* bad : {below, above, "-1", "4.5", "four", "99999999999999999999", "0x10", "1 2"}) {
        CAPTURE(bad);
        const Config config = read({{name, bad}});
        REQUIRE(config.problems.size() == 1);
        CHECK(config.problems[0].substr(0, std::string_view(name).size()) == name);
        CHECK_FALSE(config.usable());
    }
}

TEST_CASE("numbers that parse are used, blanks around them do not matter") {
    const Config config = read({{"MAX_ATTEMPTS", " 7 "}, {"IDLE_TIMEOUT_MS", "5000"}});
    CHECK(config.max_attempts == 7);
    CHECK(config.timeouts.idle_ms == 5000);
}

TEST_CASE("base URLs lose their trailing slashes, and what is no http URL is a problem that does not quote it") {
    CHECK(read({{"OLLAMA_BASE_URL", "http://127.0.0.1:11434//"}}).providers[0].base_url == "http://127.0.0.1:11434");
    for (const char* bad : {"/", "///", "ollama.com", "ftp://ollama.com", "https://", "https:///x", "https://user:hunter2@ollama.com", "https://ollama.com?x=1",
                            "https://ollama.com/#x", "https://olla ma.com", "javascript:alert(1)"}) {
        CAPTURE(bad);
        const Config config = read({{"OLLAMA_BASE_URL", bad}});
        REQUIRE(config.problems.size() == 1);
        CHECK(config.problems[0] == "OLLAMA_BASE_URL: must be an http(s) URL without user, query or fragment");
    }
}

TEST_CASE("flags are true or false, and nothing else") {
    for (const char* on : {"true", "TRUE", "1", "yes"}) CHECK(read({{"DISABLE_OPENROUTER", on}}).providers[1].disabled);
    for (const char* off : {"false", "0", "no", ""}) CHECK_FALSE(read({{"DISABLE_OPENROUTER", off}}).providers[1].disabled);
    CHECK(read({{"DISABLE_OPENROUTER", "maybe"}}).problems.size() == 1);
}

TEST_CASE("the strategy is one of its names") {
    for (const char* name : {"p2c", "round_robin", "random", "affinity"}) CHECK(read({{"KEY_STRATEGY", name}}).usable());
    CHECK(read({{"KEY_STRATEGY", "luck"}}).problems.size() == 1);
}

TEST_CASE("the REST URL follows from a Supabase project's database URL") {
    const std::string url = "https://abcdefghij.supabase.co/rest/v1";
    CHECK(rest_url_of("postgresql://postgres.abcdefghij:secret@aws-0-eu.pooler.supabase.com:6543/postgres") == url);
    CHECK(rest_url_of("postgresql://postgres.abcdefghij@aws-0-eu.pooler.supabase.com:6543/postgres") == url);
    CHECK(rest_url_of("postgres://postgres:secret@db.abcdefghij.supabase.co:5432/postgres") == url);
    CHECK(rest_url_of("postgres://postgres:se:cr@et@db.abcdefghij.supabase.co/postgres?sslmode=require") == url);
    for (const char* other : {"", "postgres", "postgres://localhost/x", "postgres://u:p@localhost:5432/x", "postgres://u:p@db..supabase.co/x",
                              "postgres://u:p@db.evil/.supabase.co/x", "postgres://postgres.:p@h/x", "postgres://postgres.a/b:p@h/x"}) {
        CAPTURE(other);
        CHECK(rest_url_of(other).empty());
    }
}

TEST_CASE("DATABASE_URL alone gives the REST URL, SUPABASE_REST_URL wins over it, and one that names no project is a problem") {
    const char* database_url = "postgres://postgres.abcdefghij:hunter2@pooler.example:6543/postgres";
    const Config derived = read({{"SUPABASE_REST_URL", ""}, {"DATABASE_URL", database_url}});
    CHECK(derived.usable());
    CHECK(derived.storage.rest_url == "https://abcdefghij.supabase.co/rest/v1");
    CHECK(read({{"DATABASE_URL", database_url}}).storage.rest_url == "https://database.example/rest/v1");
    const Config unknown = read({{"SUPABASE_REST_URL", ""}, {"DATABASE_URL", "postgres://u:hunter2@localhost/x"}});
    CHECK_FALSE(unknown.usable());
    CHECK(config::configuration_gap(unknown).find("DATABASE_URL") != std::string::npos);
    CHECK(config::configuration_gap(unknown).find("hunter2") == std::string::npos);
}

TEST_CASE("offsets of time zones are read with and without colon") {
    int minutes = -1;
    CHECK((config::parse_utc_offset("+08:00", minutes) && minutes == 480));
    CHECK((config::parse_utc_offset("-0530", minutes) && minutes == -330));
    CHECK((config::parse_utc_offset("Z", minutes) && minutes == 0));
    for (const char* bad : {"", "8", "+8:00", "+08:60", "+15:00", "08:00", "+08:0", "+08:000", "+0x:00", "UTC", "+08-00"}) {
        CAPTURE(bad);
        CHECK_FALSE(config::parse_utc_offset(bad, minutes));
        if (*bad != '\0') CHECK(read({{"DISPLAY_TIMEZONE_OFFSET", bad}}).problems.size() == 1);
    }
}

TEST_CASE("the operator's attribution and origins are taken over") {
    const Config config = read({{"OPENROUTER_APP_URL", "https://app.example"}, {"OPENROUTER_APP_TITLE", "App"}, {"ADMIN_CORS_ORIGINS", " https://a.example ,, https://b.example"}});
    CHECK(config.providers[1].attribution == std::vector<std::pair<std::string, std::string>>{{"http-referer", "https://app.example"}, {"x-title", "App"}});
    CHECK(config.admin_origins == Names{"https://a.example", "https://b.example"});
}

TEST_CASE("variables come in pairs, and a wire that breaks off loses only its end") {
    using namespace std::string_view_literals;
    const Variables variables = Variables::from_wire("A\0 1 \0B\0\0A\0002\0C\0cut"sv);
    CHECK(variables.get("A") == "2");
    CHECK(variables.get("B").empty());
    CHECK(variables.get("C").empty());
    CHECK(Variables::from_wire(""sv).get("A").empty());
}

TEST_CASE("models and their streams are as configured, and what does not parse is a problem") {
    const Config config = read({{"MODEL_ALIASES", R"({"a":"b"})"}, {"MODEL_FALLBACKS", R"({"a":["b"]})"}, {"STREAM_USAGE", "exact"}});
    CHECK(config.usable());
    CHECK(config.exact_stream_usage);
    CHECK(config.model_aliases.find(providers()[0], "a").size() == 1);
    CHECK(config.model_fallbacks.find(providers()[0], "a").size() == 1);
    CHECK_FALSE(read({{"STREAM_USAGE", "estimate"}}).exact_stream_usage);
    const auto [name, value] = GENERATE(table<const char*, const char*>({{"MODEL_ALIASES", "{"}, {"MODEL_FALLBACKS", "{\"a\":\"b\"}"}, {"STREAM_USAGE", "always"}}));
    const Config broken = read({{name, value}});
    REQUIRE(broken.problems.size() == 1);
    CHECK(broken.problems[0].substr(0, std::string_view(name).size()) == name);
}

TEST_CASE("the response cache is off unless it is asked for, and its numbers have bounds") {
    CHECK_FALSE(read({}).response_cache.is_on);
    const Config config = read({{"RESPONSE_CACHE", "true"}, {"RESPONSE_CACHE_TTL", "60"}, {"RESPONSE_CACHE_SCOPE", "pool"}, {"RESPONSE_CACHE_TOOLS", "true"}});
    CHECK(config.response_cache.is_on);
    CHECK(config.response_cache.ttl_s == 60);
    CHECK(config.response_cache.is_shared);
    CHECK(config.response_cache.keeps_tools);
    CHECK_FALSE(read({{"RESPONSE_CACHE_SCOPE", "token"}}).response_cache.is_shared);
    const auto [name, good, bad] = GENERATE(table<const char*, const char*, const char*>({{"RESPONSE_CACHE_TTL", "1", "0"},
                                                                                           {"RESPONSE_CACHE_TTL", "2592000", "2592001"},
                                                                                           {"RESPONSE_CACHE_MAX_BYTES", "1", "0"},
                                                                                           {"RESPONSE_CACHE_MAX_BYTES", "4194304", "4194305"},
                                                                                           {"RESPONSE_CACHE_SCOPE", "pool", "everybody"},
                                                                                           {"RESPONSE_CACHE_STORE", "workers", "redis"},
                                                                                           {"RESPONSE_CACHE_STORE", "workers", "disk"},
                                                                                           {"RESPONSE_CACHE", "true", "maybe"}}));
    CAPTURE(name, bad);
    CHECK(read({{name, good}}).usable());
    CHECK(read({{name, bad}}).problems.size() == 1);
}

TEST_CASE("the response cache is kept in Redis only where there is one, and only entries that it takes") {
    CHECK(read({}).response_cache.store == config::CacheStore::workers);
    const auto with_size = [](const char* bytes) {
        return read({{"RESPONSE_CACHE_STORE", "redis"}, {"REDIS_URL", "redis://localhost"}, {"RESPONSE_CACHE_MAX_BYTES", bytes}});
    };
    CHECK(with_size("").response_cache.store == config::CacheStore::redis);
    CHECK(with_size("786432").usable());
    REQUIRE(with_size("786433").problems.size() == 1);
    CHECK(with_size("786433").problems[0].substr(0, 24) == "RESPONSE_CACHE_MAX_BYTES");
    CHECK(read({{"RESPONSE_CACHE_STORE", "redis"}}).problems == Names{"RESPONSE_CACHE_STORE: redis needs REDIS_URL"});
}
