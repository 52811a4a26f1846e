#include "config/config.hpp"

#include <array>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "provider/provider.hpp"

namespace edgepool::config {
namespace {

// Values that example files ship with: as good as unset.
constexpr std::array<std::string_view, 8> kPlaceholders = {
    "change-me", "changeme", "change_me", "your-admin-token", "your_admin_token", "admin", "placeholder", "xxx"};

bool is_placeholder(std::string_view token) {
    for (const std::string_view placeholder : kPlaceholders) {
        if (equals_ignoring_case(token, placeholder)) return true;
    }
    return token.front() == '<' || token.front() == '[';
}

class Reader {
public:
    Reader(const Variables& variables, Config& config) : variables_(variables), config_(config) {}

    void problem(std::string_view name, std::string_view what) {
        config_.problems.push_back(std::string(name).append(": ").append(what));
    }

    bool flag(std::string_view name) {
        const std::string_view text = variables_.get(name);
        if (text.empty() || equals_ignoring_case(text, "false") || text == "0" || equals_ignoring_case(text, "no")) return false;
        if (equals_ignoring_case(text, "true") || text == "1" || equals_ignoring_case(text, "yes")) return true;
        problem(name, "must be true or false");
        return false;
    }

    template <class Number>
    void number(std::string_view name, std::uint64_t lowest, std::uint64_t highest, Number& value) {
        const std::string_view text = variables_.get(name);
        if (text.empty()) return;
        const auto parsed = parse_u64(text);
        if (parsed && *parsed >= lowest && *parsed <= highest) {
            value = static_cast<Number>(*parsed);
        } else {
            problem(name, "must be a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
        }
    }

    // An absolute http(s) URL without user, query or fragment; trailing slashes are cut.
    std::string url(std::string_view name, std::string_view fallback) {
        std::string_view text = variables_.get(name);
        if (text.empty()) return std::string(fallback);
        while (!text.empty() && text.back() == '/') text.remove_suffix(1);
        const std::size_t scheme = text.find("://");
        const std::string_view host = scheme == std::string_view::npos ? std::string_view{} : text.substr(scheme + 3);
        const bool good_scheme = text.substr(0, scheme) == "https" || text.substr(0, scheme) == "http";
        if (!good_scheme || host.empty() || host.front() == '/' || text.find_first_of("@?# \t\r\n\\") != std::string_view::npos) {
            problem(name, "must be an http(s) URL without user, query or fragment");
            return std::string(fallback);
        }
        return std::string(text);
    }

private:
    const Variables& variables_;
    Config& config_;
};

void read_admin_token(const Variables& variables, Config& config) {
    const std::string_view token = variables.get("ADMIN_TOKEN");
    if (token.empty() || is_placeholder(token)) {
        config.missing.emplace_back("ADMIN_TOKEN");
    } else {
        config.admin_token_hash = sha256_hex(token);
    }
}

void read_storage(const Variables& variables, Reader& reader, Config& config) {
    const std::string_view database_url = variables.get("DATABASE_URL");
    config.storage.rest_url = reader.url("SUPABASE_REST_URL", database_url.empty() ? "" : rest_url_of(database_url));
    if (config.storage.rest_url.empty()) {
        if (variables.get("SUPABASE_REST_URL").empty() && !database_url.empty()) {
            reader.problem("DATABASE_URL", "names no Supabase project; set SUPABASE_REST_URL");
        } else {
            config.missing.emplace_back("SUPABASE_REST_URL");
        }
    }
    config.storage.service_key = variables.get("SUPABASE_SERVICE_ROLE_KEY");
    if (config.storage.service_key.empty()) config.missing.emplace_back("SUPABASE_SERVICE_ROLE_KEY");
}

void read_providers(const Variables& variables, Reader& reader, Config& config) {
    for (const Provider& provider : providers()) {
        ProviderConfig row;
        row.base_url = reader.url(provider.base_url_variable, provider.default_base_url);
        row.disabled = reader.flag(provider.disable_variable);
        for (const Attribution& attribution : provider.attributions) {
            const std::string_view value = variables.get(attribution.variable);
            if (!value.empty()) row.attribution.emplace_back(attribution.header, value);
        }
        config.providers.push_back(std::move(row));
    }
}

// What is asked of models and of their streams.
void read_models(const Variables& variables, Reader& reader, Config& config) {
    const std::string_view aliases = variables.get("MODEL_ALIASES");
    if (!aliases.empty()) {
        if (const auto problem = config.model_aliases.read_aliases(aliases)) reader.problem("MODEL_ALIASES", *problem);
    }
    const std::string_view fallbacks = variables.get("MODEL_FALLBACKS");
    if (!fallbacks.empty()) {
        if (const auto problem = config.model_fallbacks.read_fallbacks(fallbacks)) reader.problem("MODEL_FALLBACKS", *problem);
    }
    const std::string_view usage = variables.get("STREAM_USAGE");
    config.exact_stream_usage = usage == "exact";
    if (!usage.empty() && usage != "exact" && usage != "estimate") reader.problem("STREAM_USAGE", "must be exact or estimate");
}

void read_logging(const Variables& variables, Reader& reader, Config& config) {
    const std::string_view wanted = variables.get("LOG_REQUESTS");
    if (wanted == "errors") config.log_requests = LogRequests::errors;
    else if (wanted == "none") config.log_requests = LogRequests::none;
    else if (!wanted.empty() && wanted != "all") reader.problem("LOG_REQUESTS", "must be all, errors or none");
    config.log_client_address = reader.flag("LOG_CLIENT_ADDRESS");
    config.writes_data_points = reader.flag("ANALYTICS_ENGINE");
}

void read_rate_limit(Reader& reader, RateLimit& rate_limit) {
    rate_limit.is_on = reader.flag("ENABLE_RATE_LIMIT");
    reader.number("RATE_LIMIT_REQUESTS", 1, 1'000'000, rate_limit.requests);
    reader.number("RATE_LIMIT_WINDOW", 1, 86'400, rate_limit.window_s);
    rate_limit.binding = "RATE_LIMIT_" + std::to_string(rate_limit.requests) + "_" + std::to_string(rate_limit.window_s);
}

void read_redis(const Variables& variables, Reader& reader, Config& config) {
    const std::string_view url = variables.get("REDIS_URL");
    if (url.empty()) return;
    config.redis = redis::parse_server(url);
    if (!config.redis) reader.problem("REDIS_URL", "must be like rediss://user:password@host:port/0");
}

// What the entries' store asks for beside its name.
void read_cache_store(const Variables& variables, Reader& reader, ResponseCache& cache) {
    const std::string_view store = variables.get("RESPONSE_CACHE_STORE");
    if (!store.empty() && store != "workers" && store != "redis") reader.problem("RESPONSE_CACHE_STORE", "must be workers or redis");
    if (store != "redis") return;
    cache.store = CacheStore::redis;
    if (variables.get("REDIS_URL").empty()) reader.problem("RESPONSE_CACHE_STORE", "redis needs REDIS_URL");
    if (cache.max_bytes <= limits::kMaxRedisEntryBytes) return;
    reader.problem("RESPONSE_CACHE_MAX_BYTES", "must be at most " + std::to_string(limits::kMaxRedisEntryBytes) + " with RESPONSE_CACHE_STORE=redis");
}

void read_response_cache(const Variables& variables, Reader& reader, ResponseCache& cache) {
    constexpr std::uint64_t kMostSeconds = 30u * 24 * 3600;  // what is older is hardly what anybody wants
    cache.is_on = reader.flag("RESPONSE_CACHE");
    cache.keeps_tools = reader.flag("RESPONSE_CACHE_TOOLS");
    reader.number("RESPONSE_CACHE_TTL", 1, kMostSeconds, cache.ttl_s);
    reader.number("RESPONSE_CACHE_MAX_BYTES", 1, limits::kMaxHeldAnswerBytes, cache.max_bytes);  // what is larger is not read whole
    const std::string_view scope = variables.get("RESPONSE_CACHE_SCOPE");
    cache.is_shared = scope == "pool";
    if (!scope.empty() && scope != "pool" && scope != "token") reader.problem("RESPONSE_CACHE_SCOPE", "must be token or pool");
    read_cache_store(variables, reader, cache);
}

}  // namespace

std::string rest_url_of(std::string_view database_url) {
    const auto project_url = [](std::string_view reference) -> std::string {
        for (const char c : reference) {
            if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) return {};
        }
        return reference.empty() ? std::string{} : "https://" + std::string(reference) + ".supabase.co/rest/v1";
    };
    const std::size_t scheme = database_url.find("://");
    if (scheme == std::string_view::npos) return {};
    std::string_view rest = database_url.substr(scheme + 3);
    const std::size_t at = rest.rfind('@');
    if (at == std::string_view::npos) return {};
    const std::string_view credentials = rest.substr(0, at);
    const std::string_view user = credentials.substr(0, credentials.find(':'));
    constexpr std::string_view kUser = "postgres.";
    if (user.substr(0, kUser.size()) == kUser) return project_url(user.substr(kUser.size()));
    std::string_view host = rest.substr(at + 1);
    host = host.substr(0, host.find_first_of(":/?"));
    constexpr std::string_view kHostBegin = "db.", kHostEnd = ".supabase.co";
    if (host.size() > kHostBegin.size() + kHostEnd.size() && host.substr(0, kHostBegin.size()) == kHostBegin &&
        host.substr(host.size() - kHostEnd.size()) == kHostEnd) {
        return project_url(host.substr(kHostBegin.size(), host.size() - kHostBegin.size() - kHostEnd.size()));
    }
    return {};
}

bool parse_utc_offset(std::string_view text, int& minutes) {
    if (text == "Z" || text == "z") {
        minutes = 0;
        return true;
    }
    if (text.size() < 5 || (text[0] != '+' && text[0] != '-')) return false;
    const auto hours = parse_u64(text.substr(1, 2));
    const auto rest = parse_u64(text.substr(text.size() == 6 && text[3] == ':' ? 4 : 3));
    if (!hours || !rest || *hours > 14 || *rest > 59 || text.size() > 6) return false;
    minutes = static_cast<int>(*hours * 60 + *rest) * (text[0] == '-' ? -1 : 1);
    return true;
}

Config read_config(const Variables& variables) {
    Config config;
    config.settings = read_settings(variables);
    Reader reader(variables, config);
    read_admin_token(variables, config);
    read_storage(variables, reader, config);
    read_providers(variables, reader, config);

    const std::string_view strategy = variables.get("KEY_STRATEGY");
    if (!strategy.empty()) {
        const auto parsed = keys::parse_strategy(strategy);
        if (parsed) config.strategy = *parsed;
        else reader.problem("KEY_STRATEGY", "must be p2c, round_robin, random or affinity");
    }
    reader.number("MAX_ATTEMPTS", 1, limits::kHighestMaxAttempts, config.max_attempts);
    reader.number("MAX_BODY_BYTES", 1024, limits::kHighestMaxBodyBytes, config.max_body_bytes);
    reader.number("FIRST_BYTE_TIMEOUT_MS", 100, 3'600'000, config.timeouts.first_byte_ms);
    reader.number("IDLE_TIMEOUT_MS", 100, 3'600'000, config.timeouts.idle_ms);
    reader.number("REQUEST_TIMEOUT_MS", 100, 3'600'000, config.timeouts.request_ms);
    reader.number("FAILOVER_TIMEOUT_MS", 100, 3'600'000, config.timeouts.failover_ms);

    read_logging(variables, reader, config);
    const std::string_view metrics_token = variables.get("METRICS_TOKEN");
    if (!metrics_token.empty() && is_placeholder(metrics_token)) reader.problem("METRICS_TOKEN", "is left at a placeholder");
    else if (!metrics_token.empty()) config.metrics_token_hash = sha256_hex(metrics_token);
    read_rate_limit(reader, config.rate_limit);
    read_redis(variables, reader, config);
    reader.number("RETENTION_DAYS", 1, 3650, config.retention_days);
    read_models(variables, reader, config);
    read_response_cache(variables, reader, config.response_cache);

    const std::string_view offset = variables.get("DISPLAY_TIMEZONE_OFFSET");
    if (!offset.empty() && !parse_utc_offset(offset, config.display_offset_minutes)) {
        reader.problem("DISPLAY_TIMEZONE_OFFSET", "must be like +08:00");
    }
    for (const std::string_view origin : split(variables.get("ADMIN_CORS_ORIGINS"), ',')) {
        if (!trim(origin).empty()) config.admin_origins.emplace_back(trim(origin));
    }
    return config;
}

std::string configuration_gap(const Config& config) {
    std::string text;
    for (const std::string& name : config.missing) text.append(text.empty() ? "not configured: set " : ", ").append(name);
    for (const std::string& problem : config.problems) text.append(text.empty() ? "configuration error: " : "; ").append(problem);
    return text;
}

}  // namespace edgepool::config
