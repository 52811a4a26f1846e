// Which flow serves a request: the table of routes, and the provider that the path names. A pure function of method and path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/dialect.hpp"
#include "provider/provider.hpp"

namespace edgepool::app {

enum class Handler : std::uint8_t {
    generate,     // a body with a model goes to the provider through the pool
    passthrough,  // a request without a body goes to the provider through the pool
    models,
    health,
    public_stats,
    metrics,
    admin_stats,
    trends,
    settings,
    reconcile,
    cache_stats,
    cache_clear,
    keys_list,
    keys_add,
    keys_import,
    keys_import_validated,
    keys_export,
    key_stats,
    audit,
    keys_remove,
    keys_enable,
    keys_disable,
    keys_health_check,
    key_detail,
    verify_key,
    explain,
    tokens_list,
    tokens_create,
    tokens_remove,
    tokens_change,
    tokens_rotate,
    home,
};

struct Match {
    Handler handler = Handler::home;
    Dialect dialect = Dialect::admin;
    const Provider* provider = nullptr;  // proxy routes: from the path; others: none (they read ?provider= or the body)
    std::string path;                    // proxy routes: the path without the provider's prefix
    std::string parameter;               // what stood for the route's last, variable part; percent-decoded
    bool streams_by_default = false;     // the dialect streams when the body does not say
};

enum class RouteError : std::uint8_t { none, not_found, method_not_allowed };

struct Routing {
    Match match;
    RouteError error = RouteError::none;
    std::vector<std::string_view> allowed;  // methods, with method_not_allowed
    Dialect dialect = Dialect::admin;       // for errors too
    std::string_view pattern;               // the matched route as the table has it: "/admin/keys/*"
    bool is_public = false;                 // answers carry Access-Control-Allow-Origin: *
};

Routing route(std::string_view method, std::string_view path);

struct RouteName {
    std::string_view method;
    std::string path;  // with its provider's prefix; "*" stands for a variable part
};

// Every route that route() knows: what the API document (web/public/openapi.json) is compared with.
std::vector<RouteName> all_routes();

}  // namespace edgepool::app
