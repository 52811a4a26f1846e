#include "config/settings.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "provider/provider.hpp"

namespace edgepool::config {
namespace {

enum class Kind : std::uint8_t { open, secret };

struct Row {
    std::string_view name;
    Kind kind = Kind::open;
    std::string_view fallback = {};
};

constexpr Row kRows[] = {
    {"ADMIN_TOKEN", Kind::secret},
    {"SUPABASE_REST_URL"},
    {"SUPABASE_SERVICE_ROLE_KEY", Kind::secret},
    {"DATABASE_URL", Kind::secret},
    {"REDIS_URL", Kind::secret},
    {"ENABLE_RATE_LIMIT", Kind::open, "false"},
    {"RATE_LIMIT_REQUESTS", Kind::open, "100"},
    {"RATE_LIMIT_WINDOW", Kind::open, "60"},
    {"KEY_STRATEGY", Kind::open, "p2c"},
    {"MAX_ATTEMPTS", Kind::open, "4"},
    {"MAX_BODY_BYTES", Kind::open, "26214400"},
    {"FIRST_BYTE_TIMEOUT_MS", Kind::open, "120000"},
    {"IDLE_TIMEOUT_MS", Kind::open, "120000"},
    {"REQUEST_TIMEOUT_MS", Kind::open, "900000"},
    {"FAILOVER_TIMEOUT_MS", Kind::open, "180000"},
    {"RETENTION_DAYS", Kind::open, "30"},
    {"MODEL_ALIASES"},
    {"MODEL_FALLBACKS"},
    {"STREAM_USAGE", Kind::open, "estimate"},
    {"RESPONSE_CACHE", Kind::open, "false"},
    {"RESPONSE_CACHE_STORE", Kind::open, "workers"},
    {"RESPONSE_CACHE_TTL", Kind::open, "300"},
    {"RESPONSE_CACHE_MAX_BYTES", Kind::open, "262144"},
    {"RESPONSE_CACHE_SCOPE", Kind::open, "token"},
    {"RESPONSE_CACHE_TOOLS", Kind::open, "false"},
    {"DISPLAY_TIMEZONE_OFFSET", Kind::open, "+08:00"},
    {"ADMIN_CORS_ORIGINS"},
    {"METRICS_TOKEN", Kind::secret},
    {"LOG_REQUESTS", Kind::open, "all"},
    {"LOG_CLIENT_ADDRESS", Kind::open, "false"},
    {"ANALYTICS_ENGINE", Kind::open, "false"},
};

}  // namespace

std::vector<Setting> read_settings(const Variables& variables) {
    std::vector<Setting> settings;
    const auto add = [&](const Row& row) {
        Setting setting;
        const std::string_view value = variables.get(row.name);
        setting.name = row.name;
        setting.is_secret = row.kind == Kind::secret;
        setting.is_set = !value.empty();
        setting.fallback = row.fallback;
        // With an "@" it may be a URL with a password in it, written where it does not belong.
        const bool is_shown = !setting.is_secret && value.find('@') == std::string_view::npos;
        if (is_shown) setting.value = clip_utf8(value, limits::kMaxShownValueBytes);
        settings.push_back(std::move(setting));
    };
    for (const Row& row : kRows) add(row);
    for (const Provider& provider : providers()) {
        add({provider.base_url_variable, Kind::open, provider.default_base_url});
        add({provider.disable_variable, Kind::open, "false"});
        for (const Attribution& attribution : provider.attributions) add({attribution.variable});
    }
    return settings;
}

}  // namespace edgepool::config
