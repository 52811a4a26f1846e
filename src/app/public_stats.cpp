// GET /admin/public-stats: the figures that the older deployment's pages read, field for field.
#include <algorithm>

#include "app/admin.hpp"
#include "app/flush.hpp"
#include "app/percent.hpp"
#include "app/public_pages.hpp"
#include "app/shared_answer.hpp"
#include "base/time_text.hpp"
#include "json/writer.hpp"
#include "store/pacing.hpp"

namespace edgepool::app {
namespace {

using json::Json;
using json::Writer;

constexpr double kFreshMs = 5'000;        // within the contract's 60 s; spares the database
constexpr std::string_view kStorage = "postgres";

std::int64_t figure(const Json& row, const char* name) { return json::get_int_or_text(row, name).value_or(0); }

void write_models(Writer& out, std::string_view name, const Json* rows) {
    out.key(name).begin_array();
    for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
        const Json& row = (*rows)[i];
        const std::int64_t requests = figure(row, "requests"), success = figure(row, "success");
        out.begin_object().add_string("model", json::get_string(row, "model").value_or(""));
        out.add_integer("requests", requests).add_integer("success", success).add_integer("failure", figure(row, "failure"));
        out.add_string("successRate", percent_text(success, requests)).end_object();
    }
    out.end_array();
}

void write_hours(Writer& out, const Json* rows, int offset_minutes) {
    out.key("hourlyTrend").begin_array();
    for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
        const Json& row = (*rows)[i];
        const auto start_ms = static_cast<double>(figure(row, "start_ms"));
        out.begin_object().add_string("hour", clock_label(start_ms, offset_minutes));
        out.add_integer("requests", figure(row, "requests")).add_integer("success", figure(row, "success"));
        out.add_integer("failure", figure(row, "failure")).add_string("hourStart", iso8601_utc_seconds(start_ms)).end_object();
    }
    out.end_array();
}

void write_key_figures(Writer& out, const Json& answer) {
    out.add_integer("totalApiKeys", figure(answer, "total_keys")).add_integer("activeKeys", figure(answer, "active_keys"));
    out.add_integer("failedKeys", figure(answer, "failed_keys")).add_string("storage", kStorage);
}

std::string stats_body(const Json& answer, const Provider& provider, int offset_minutes, double now_ms) {
    const std::int64_t requests = figure(answer, "total_requests"), success = figure(answer, "success");
    const auto updated_ms = json::get_int(answer, "updated_ms");
    const std::string generated_at = iso8601_with_offset(now_ms, offset_minutes);
    const std::string rate = percent_text(success, requests);
    Writer out;
    out.begin_object().key("global").begin_object();
    out.add_integer("totalRequests", requests).add_integer("successCount", success).add_integer("failureCount", figure(answer, "failure"));
    out.add_string("successRate", rate);
    if (updated_ms) out.add_string("lastUpdated", iso8601_with_offset(static_cast<double>(*updated_ms), offset_minutes));
    else out.add_null("lastUpdated");
    write_key_figures(out, answer);
    out.end_object();
    write_models(out, "topModels", rows_of(answer, "top_models"));
    write_models(out, "recentTopModels", rows_of(answer, "recent_models"));
    write_hours(out, rows_of(answer, "hours"), offset_minutes);
    out.add_string("storage", kStorage).key("meta").begin_object();
    write_key_figures(out, answer);
    out.add_string("generatedAt", generated_at).add_raw("successRate", rate).add_string("provider", provider.id).end_object();
    return out.add_string("timestamp", generated_at).end_object().take();
}

// How old they may be: soon there while requests are coming in, but never more often than the isolate may flush.
double fresh_ms(const ProviderState& state) {
    return state.counts.empty() ? std::max<double>(kFreshMs, state.flush.window_ms) : store::urgent_interval_ms(state.flush.window_ms);
}

// A figure that is missing must not be taken for zero.
bool has_figures(const Json& answer) {
    for (const char* name : {"total_requests", "success", "failure", "total_keys"}) {
        if (!json::get_int_or_text(answer, name)) return false;
    }
    return rows_of(answer, "hours") != nullptr;
}

// The last known figures, marked as such.
std::string mark_stale(const std::string& body) { return "{\"stale\":true," + body.substr(1); }

Task<void> fetch_figures(Exchange& exchange, ProviderState& state) {
    App& app = exchange.app;
    // What this isolate has not sent yet is sent first, so that the figures hold every request it has answered.
    co_await flush_now(app, exchange.session, state);
    prolong_turn(state.public_stats, app.now_ms);
    const int offset_minutes = app.config.display_offset_minutes;
    Writer arguments;
    arguments.begin_object().add_string("provider", state.provider->id).add_integer("offset_minutes", offset_minutes).end_object();
    Result<Json> answer = co_await call_database(app, exchange.session, "pool_public_stats", arguments.take());
    if (answer && !has_figures(*answer)) answer = fail(ErrorCode::storage_answer_unreadable, "the database's answer lacks its figures");
    const std::uint32_t window_ms = state.flush.window_ms;
    if (answer) keep_answer(state.public_stats, stats_body(*answer, *state.provider, offset_minutes, app.now_ms), app.now_ms);
    else if (answer.error().code == ErrorCode::client_gone) give_turn_up(state.public_stats, window_ms, app.now_ms);
    else note_failure(app, state.public_stats, answer.error(), window_ms);
}

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
    SharedAnswer& shared = state.public_stats;
    const Turn turn = co_await take_turn(app, exchange.session, shared, fresh_ms(state));
    if (turn == Turn::fetch) co_await fetch_figures(exchange, state);
    if (shared.at_ms == 0) {
        co_await answer_error(exchange, shared.error);
        co_return;
    }
    const bool is_stale = !is_fresh(shared, fresh_ms(state), app.now_ms);
    co_await answer_json(exchange, 200, is_stale ? mark_stale(shared.body) : shared.body);
}

}  // namespace edgepool::app
