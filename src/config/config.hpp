// The operator's configuration, read once when an instance is made. A value that does not parse is a problem, reported in /health and
// the log and by every route that would need it; it is never silently a default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "config/model_map.hpp"
#include "config/settings.hpp"
#include "config/variables.hpp"
#include "keys/strategy.hpp"
#include "redis/server.hpp"

namespace edgepool::config {

struct ProviderConfig {
    std::string base_url;   // without a trailing slash
    bool disabled = false;
    std::vector<std::pair<std::string, std::string>> attribution;  // header, value; set where the client sent none
};

struct Storage {
    std::string rest_url;     // ends in /rest/v1, no trailing slash; empty = not configured
    std::string service_key;  // a secret
};

struct Timeouts {
    std::uint32_t first_byte_ms = 120'000;  // from sending a request until the answer's headers
    std::uint32_t idle_ms = 120'000;        // between two pieces of a body
    std::uint32_t request_ms = 900'000;     // a whole request, streaming included
    std::uint32_t failover_ms = 180'000;    // no further key is tried once this much time has passed
};

// Which requests have a line in the log.
enum class LogRequests : std::uint8_t { all, errors, none };

// ENABLE_RATE_LIMIT: for everybody, by address and by client token.
struct RateLimit {
    bool is_on = false;
    std::uint32_t requests = 100;
    std::uint32_t window_s = 60;
    std::string binding;  // the rate-limiting binding that counts just that, where the operator has declared it
};

// Where it keeps its entries.
enum class CacheStore : std::uint8_t { workers, redis };

// The response cache; off unless RESPONSE_CACHE=true.
struct ResponseCache {
    bool is_on = false;
    CacheStore store = CacheStore::workers;
    bool is_shared = false;    // one token's answer may be given to another (RESPONSE_CACHE_SCOPE=pool)
    bool keeps_tools = false;  // also answers to requests that offer tools (RESPONSE_CACHE_TOOLS=true)
    std::uint32_t ttl_s = 300;
    std::size_t max_bytes = 256u << 10;  // of an answer
};

struct Config {
    std::string admin_token_hash;  // hex SHA-256 of ADMIN_TOKEN; empty = not configured
    std::string metrics_token_hash;  // of METRICS_TOKEN; empty = the admin token alone opens /metrics
    LogRequests log_requests = LogRequests::all;
    bool log_client_address = false;
    bool writes_data_points = false;  // ANALYTICS_ENGINE: one for each request, to the binding of that purpose
    Storage storage;
    std::vector<ProviderConfig> providers;  // in the order of edgepool::providers()
    keys::Strategy strategy = keys::Strategy::p2c;
    std::uint32_t max_attempts = limits::kDefaultMaxAttempts;
    std::size_t max_body_bytes = limits::kDefaultMaxBodyBytes;
    Timeouts timeouts;
    ModelMap model_aliases;
    ModelMap model_fallbacks;
    bool exact_stream_usage = false;  // STREAM_USAGE=exact
    ResponseCache response_cache;
    int display_offset_minutes = 480;
    RateLimit rate_limit;
    std::optional<redis::Server> redis;  // REDIS_URL
    std::uint32_t retention_days = 30;  // of hourly figures
    std::vector<std::string> admin_origins;  // ADMIN_CORS_ORIGINS

    std::vector<Setting> settings;  // for people to look at

    std::vector<std::string> missing;   // names of variables that must be set
    std::vector<std::string> problems;  // "NAME: what is wrong", never with the value of a secret

    // True when requests can be served: nothing is missing, nothing is unreadable.
    bool usable() const { return missing.empty() && problems.empty(); }
};

Config read_config(const Variables& variables);

// What the operator has to set or mend, as one sentence; empty when the configuration is usable. Holds no secret.
std::string configuration_gap(const Config& config);

// The REST URL of the Supabase project that a PostgreSQL URL belongs to (user "postgres.<ref>" or host "db.<ref>.supabase.co");
// empty when it names none.
std::string rest_url_of(std::string_view database_url);

// Minutes east of UTC of "+08:00", "-0530" or "Z"; false when it is none of these.
bool parse_utc_offset(std::string_view text, int& minutes);

}  // namespace edgepool::config
