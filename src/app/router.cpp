#include "app/router.hpp"

#include <algorithm>
#include <array>

#include "http/request.hpp"

namespace edgepool::app {
namespace {

struct Row {
    std::string_view method;
    std::string_view path;  // "*" stands for a variable part; the last part may hold slashes
    Handler handler;
    Dialect dialect;
    bool streams_by_default = false;
};

// Behind a provider's prefix, or none.
constexpr std::array kProxyRows = {
    Row{"POST", "/v1/chat/completions", Handler::generate, Dialect::openai},
    Row{"POST", "/v1/completions", Handler::generate, Dialect::openai},
    Row{"POST", "/v1/embeddings", Handler::generate, Dialect::openai},
    Row{"POST", "/v1/responses", Handler::generate, Dialect::responses},
    Row{"GET", "/v1/models", Handler::models, Dialect::openai},
    Row{"GET", "/v1/models/*", Handler::passthrough, Dialect::openai},
    Row{"POST", "/v1/messages", Handler::generate, Dialect::anthropic},
};

// Only where the provider speaks Ollama's own API.
constexpr std::array kNativeRows = {
    Row{"POST", "/api/chat", Handler::generate, Dialect::ollama, true},
    Row{"POST", "/api/generate", Handler::generate, Dialect::ollama, true},
    Row{"POST", "/api/embed", Handler::generate, Dialect::ollama},
    Row{"POST", "/api/embeddings", Handler::generate, Dialect::ollama},
    Row{"POST", "/api/show", Handler::generate, Dialect::ollama},
    Row{"GET", "/api/tags", Handler::passthrough, Dialect::ollama},
    Row{"GET", "/api/version", Handler::passthrough, Dialect::ollama},
};

constexpr std::array kPublicRows = {
    Row{"GET", "/", Handler::home, Dialect::admin},
    Row{"GET", "/health", Handler::health, Dialect::admin},
    Row{"GET", "/admin/public-stats", Handler::public_stats, Dialect::admin},
};

constexpr std::array kAdminRows = {
    Row{"GET", "/admin/stats", Handler::admin_stats, Dialect::admin},
    Row{"GET", "/metrics", Handler::metrics, Dialect::admin},
    Row{"GET", "/admin/trends", Handler::trends, Dialect::admin},
    Row{"GET", "/admin/reconcile", Handler::reconcile, Dialect::admin},
    Row{"GET", "/admin/settings", Handler::settings, Dialect::admin},
    Row{"GET", "/admin/cache/stats", Handler::cache_stats, Dialect::admin},
    Row{"POST", "/admin/cache/clear", Handler::cache_clear, Dialect::admin},
    Row{"GET", "/admin/api-keys", Handler::keys_list, Dialect::admin},
    Row{"POST", "/admin/api-keys", Handler::keys_add, Dialect::admin},
    Row{"DELETE", "/admin/api-keys", Handler::keys_remove, Dialect::admin},
    Row{"DELETE", "/admin/api-keys/*", Handler::keys_remove, Dialect::admin},
    Row{"POST", "/admin/api-keys/import", Handler::keys_import, Dialect::admin},
    Row{"POST", "/admin/api-keys/import-with-validation", Handler::keys_import_validated, Dialect::admin},
    Row{"GET", "/admin/api-keys/export", Handler::keys_export, Dialect::admin},
    Row{"GET", "/admin/keys/stats", Handler::key_stats, Dialect::admin},
    Row{"GET", "/admin/audit", Handler::audit, Dialect::admin},
    Row{"POST", "/admin/keys/enable", Handler::keys_enable, Dialect::admin},
    Row{"POST", "/admin/keys/disable", Handler::keys_disable, Dialect::admin},
    Row{"POST", "/admin/keys/health-check", Handler::keys_health_check, Dialect::admin},
    Row{"GET", "/admin/keys/*", Handler::key_detail, Dialect::admin},
    Row{"POST", "/admin/verify-key", Handler::verify_key, Dialect::admin},
    Row{"POST", "/admin/explain", Handler::explain, Dialect::admin},
    Row{"GET", "/admin/tokens", Handler::tokens_list, Dialect::admin},
    Row{"POST", "/admin/tokens", Handler::tokens_create, Dialect::admin},
    Row{"DELETE", "/admin/tokens", Handler::tokens_remove, Dialect::admin},
    Row{"DELETE", "/admin/tokens/*", Handler::tokens_remove, Dialect::admin},
    Row{"PATCH", "/admin/tokens/*", Handler::tokens_change, Dialect::admin},
    Row{"POST", "/admin/tokens/*/rotate", Handler::tokens_rotate, Dialect::admin},
    Row{"GET", "/admin/client-tokens", Handler::tokens_list, Dialect::admin},
    Row{"POST", "/admin/client-tokens", Handler::tokens_create, Dialect::admin},
    Row{"DELETE", "/admin/client-tokens", Handler::tokens_remove, Dialect::admin},
    Row{"DELETE", "/admin/client-tokens/*", Handler::tokens_remove, Dialect::admin},
};

bool begins_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// What a URL parser on the way up may take for a step out of the provider's routes, in any spelling: "..", "%2e%2e", "..%2f", "..\\".
bool steps_out(std::string_view parameter) {
    const std::string decoded = percent_decode(parameter);
    const std::string_view text = decoded;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find_first_of("/\\", begin), text.size());
        const std::string_view segment = text.substr(begin, end - begin);
        if (segment == "." || segment == "..") return true;
        begin = end + 1;
    }
    return false;
}

bool matches(const Row& row, std::string_view path, std::string_view& parameter) {
    const std::size_t star = row.path.find('*');
    if (star != std::string_view::npos) {
        const std::string_view stem = row.path.substr(0, star), rest = row.path.substr(star + 1);
        if (path.size() <= stem.size() + rest.size() || !begins_with(path, stem) || path.substr(path.size() - rest.size()) != rest) return false;
        parameter = path.substr(stem.size(), path.size() - stem.size() - rest.size());
        return !steps_out(parameter);
    }
    parameter = {};
    return path == row.path;
}

// Looks `path` up in `rows`. Fills the match, or the methods that the path would allow.
template <class Rows>
bool look_up(const Rows& rows, std::string_view method, std::string_view path, Routing& routing) {
    // A path that has rows of its own is not what a row with a variable part means.
    const bool is_named = std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return row.path == path; });
    for (const Row& row : rows) {
        std::string_view parameter;
        if ((is_named && row.path != path) || !matches(row, path, parameter)) continue;
        routing.dialect = row.dialect;
        const bool head = method == "HEAD" && row.method == "GET";
        if (row.method != method && !head) {
            routing.allowed.push_back(row.method);
            continue;
        }
        routing.match.handler = row.handler;
        routing.match.dialect = row.dialect;
        routing.pattern = row.path;
        routing.match.path = path;
        routing.match.parameter = percent_decode(parameter);
        routing.match.streams_by_default = row.streams_by_default;
        return true;
    }
    return false;
}

// The provider that a path names by its first part, else the default one; cuts that part off.
const Provider* provider_of_path(std::string_view& path) {
    const Provider* fallback = nullptr;
    for (const Provider& provider : providers()) {
        if (provider.is_default) fallback = &provider;
        const std::string prefix = "/" + std::string(provider.id) + "/";
        if (begins_with(path, prefix)) {
            path.remove_prefix(prefix.size() - 1);
            return &provider;
        }
    }
    return fallback;
}

template <class Rows>
void list_rows(const Rows& rows, const std::string& prefix, std::vector<RouteName>& names) {
    for (const Row& row : rows) names.push_back({row.method, prefix + std::string(row.path)});
}

}  // namespace

std::vector<RouteName> all_routes() {
    std::vector<RouteName> names;
    list_rows(kPublicRows, "", names);
    list_rows(kAdminRows, "", names);
    for (const Provider& provider : providers()) {
        std::vector<std::string> prefixes = {"/" + std::string(provider.id)};
        if (provider.is_default) prefixes.push_back("");
        for (const std::string& prefix : prefixes) {
            list_rows(kProxyRows, prefix, names);
            if (provider.serves_ollama_native) list_rows(kNativeRows, prefix, names);
        }
    }
    return names;
}

Routing route(std::string_view method, std::string_view path) {
    Routing routing;
    if (look_up(kAdminRows, method, path, routing)) return routing;
    const bool is_admin_path = !routing.allowed.empty();
    if (!is_admin_path) {
        routing.is_public = true;
        if (look_up(kPublicRows, method, path, routing)) return routing;
        std::string_view rest = path;
        const Provider* provider = provider_of_path(rest);
        routing.match.provider = provider;
        if (look_up(kProxyRows, method, rest, routing)) return routing;
        if (provider->serves_ollama_native && look_up(kNativeRows, method, rest, routing)) return routing;
        routing.match.provider = nullptr;
        if (routing.allowed.empty()) {
            routing.is_public = !begins_with(path, "/admin/");
            routing.dialect = begins_with(rest, "/v1/messages") ? Dialect::anthropic : begins_with(rest, "/v1/") ? Dialect::openai : begins_with(rest, "/api/") ? Dialect::ollama : Dialect::admin;
        }
    }
    routing.error = routing.allowed.empty() ? RouteError::not_found : RouteError::method_not_allowed;
    return routing;
}

}  // namespace edgepool::app
