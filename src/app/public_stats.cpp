// GET /admin/public-stats: the figures that the older deployment's pages read, field for field.
#include "app/flush.hpp"
#include "app/percent.hpp"
#include "app/public_pages.hpp"
#include "base/time_text.hpp"

namespace edgepool::app {
namespace {

using json::Json;

constexpr double kFreshMs = 5'000;        // within the contract's 60 s; spares the database
constexpr double kHurriedMs = 1'000;      // while requests are coming in
constexpr std::string_view kStorage = "postgres";

std::int64_t figure(const Json& row, const char* name) { return json::get_int_or_text(row, name).value_or(0); }

Json model_rows(const Json& answer, const char* name) {
    Json out = Json::array();
    const auto rows = answer.find(name);
    if (rows == answer.end() || !rows->is_array()) return out;
    for (const Json& row : *rows) {
        const std::int64_t requests = figure(row, "requests"), success = figure(row, "success");
        out.push_back({{"model", json::get_string(row, "model").value_or("")},
                       {"requests", requests},
                       {"success", success},
                       {"failure", figure(row, "failure")},
                       {"successRate", percent_text(success, requests)}});
    }
    return out;
}

Json hour_rows(const Json& answer, int offset_minutes) {
    Json out = Json::array();
    const auto rows = answer.find("hours");
    if (rows == answer.end() || !rows->is_array()) return out;
    for (const Json& row : *rows) {
        const auto start_ms = static_cast<double>(figure(row, "start_ms"));
        out.push_back({{"hour", clock_label(start_ms, offset_minutes)},
                       {"requests", figure(row, "requests")},
                       {"success", figure(row, "success")},
                       {"failure", figure(row, "failure")},
                       {"hourStart", iso8601_utc(start_ms)}});
    }
    return out;
}

Json stats_body(const Json& answer, const Provider& provider, int offset_minutes, double now_ms) {
    const std::int64_t requests = figure(answer, "total_requests"), success = figure(answer, "success");
    const auto updated_ms = json::get_int(answer, "updated_ms");
    const std::string generated_at = iso8601_with_offset(now_ms, offset_minutes);
    const Json keys{{"totalApiKeys", figure(answer, "total_keys")},
                    {"activeKeys", figure(answer, "active_keys")},
                    {"failedKeys", figure(answer, "failed_keys")},
                    {"storage", kStorage}};
    Json global{{"totalRequests", requests},
                {"successCount", success},
                {"failureCount", figure(answer, "failure")},
                {"successRate", percent_text(success, requests)},
                {"lastUpdated", updated_ms ? Json(iso8601_with_offset(static_cast<double>(*updated_ms), offset_minutes)) : Json(nullptr)}};
    global.update(keys);
    Json meta{{"generatedAt", generated_at}, {"successRate", percent_number(success, requests)}, {"provider", provider.id}};
    meta.update(keys);
    return Json{{"global", std::move(global)},
                {"topModels", model_rows(answer, "top_models")},
                {"recentTopModels", model_rows(answer, "recent_models")},
                {"hourlyTrend", hour_rows(answer, offset_minutes)},
                {"storage", kStorage},
                {"meta", std::move(meta)},
                {"timestamp", generated_at}};
}

bool is_fresh(const ProviderState& state, double now_ms) {
    const CachedAnswer& cached = state.public_stats;
    const double span_ms = state.counts.empty() ? kFreshMs : kHurriedMs;
    return cached.at_ms != 0 && now_ms >= cached.at_ms && now_ms - cached.at_ms < span_ms;
}

// The last known figures, marked as such.
std::string mark_stale(const std::string& body) { return "{\"stale\":true," + body.substr(1); }

}  // namespace

Result<const Provider*> provider_of_query(const Exchange& exchange) {
    const std::string id = query_value(exchange.request.query, "provider");
    for (const Provider& provider : providers()) {
        if (id.empty() ? provider.is_default : provider.id == id) return &provider;
    }
    return fail(ErrorCode::unknown_provider, "there is no such provider", "provider");
}

Task<void> serve_public_stats(Exchange& exchange) {
    App& app = exchange.app;
    const Result<const Provider*> provider = provider_of_query(exchange);
    if (!provider) {
        co_await answer_error(exchange, provider.error());
        co_return;
    }
    if (!app.config.usable()) {
        co_await answer_error(exchange, {ErrorCode::not_configured, config::configuration_gap(app.config), {}, 0});
        co_return;
    }
    ProviderState& state = app.state_of(**provider);
    if (is_fresh(state, app.now_ms)) {
        co_await answer_json(exchange, 200, state.public_stats.body);
        co_return;
    }
    // What this isolate has not sent yet is sent first, so that the figures hold every request it has answered.
    co_await flush_now(app, exchange.session, state);
    const Json arguments{{"provider", state.provider->id}, {"offset_minutes", app.config.display_offset_minutes}};
    const Result<Json> answer = co_await call_database(app, exchange.session, "pool_public_stats", json::dump(arguments));
    if (answer) {
        state.public_stats.body = json::dump(stats_body(*answer, **provider, app.config.display_offset_minutes, app.now_ms));
        state.public_stats.at_ms = app.now_ms;
        co_await answer_json(exchange, 200, state.public_stats.body);
    } else if (state.public_stats.at_ms != 0) {
        co_await answer_json(exchange, 200, mark_stale(state.public_stats.body));
    } else {
        co_await answer_error(exchange, answer.error());
    }
}

}  // namespace edgepool::app
