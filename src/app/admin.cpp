#include "app/admin.hpp"

#include "app/admin_cache.hpp"
#include "app/admin_export.hpp"
#include "app/admin_gate.hpp"
#include "app/admin_import.hpp"
#include "app/admin_key_state.hpp"
#include "app/admin_keys.hpp"
#include "app/admin_probes.hpp"
#include "app/admin_reconcile.hpp"
#include "app/admin_settings.hpp"
#include "app/admin_stats.hpp"
#include "app/admin_tokens.hpp"
#include "app/admin_trends.hpp"
#include "app/answer_stream.hpp"
#include "app/audit.hpp"
#include "app/percent.hpp"
#include "app/public_pages.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"

namespace edgepool::app {
namespace {

using json::Json;

constexpr std::string_view kHint = "send the admin token as \"Authorization: Bearer <ADMIN_TOKEN>\"";

enum class BodyUse : std::uint8_t { none, optional, required, raw };

struct Route {
    Handler handler;
    BodyUse body;
    Task<AdminAnswer> (*serve)(Exchange&, AdminCall&);
};

constexpr Route kRoutes[] = {
    {Handler::admin_stats, BodyUse::none, admin_stats},
    {Handler::trends, BodyUse::none, admin_trends},
    {Handler::settings, BodyUse::none, admin_settings},
    {Handler::reconcile, BodyUse::none, admin_reconcile},
    {Handler::cache_stats, BodyUse::none, cache_stats},
    {Handler::cache_clear, BodyUse::optional, clear_responses},
    {Handler::keys_list, BodyUse::none, list_keys},
    {Handler::keys_add, BodyUse::required, add_key},
    {Handler::keys_import, BodyUse::raw, import_keys},
    {Handler::keys_import_validated, BodyUse::raw, import_with_validation},
    {Handler::keys_export, BodyUse::none, export_keys},
    {Handler::key_stats, BodyUse::none, list_key_stats},
    {Handler::audit, BodyUse::none, list_audit},
    {Handler::keys_remove, BodyUse::optional, remove_keys},
    {Handler::keys_enable, BodyUse::required, enable_keys},
    {Handler::keys_disable, BodyUse::required, disable_keys},
    {Handler::keys_health_check, BodyUse::optional, check_keys},
    {Handler::key_detail, BodyUse::none, key_detail},
    {Handler::verify_key, BodyUse::required, verify_key},
    {Handler::explain, BodyUse::required, explain_choice},
    {Handler::tokens_list, BodyUse::none, list_tokens},
    {Handler::tokens_create, BodyUse::required, create_token},
    {Handler::tokens_remove, BodyUse::optional, remove_token},
    {Handler::tokens_change, BodyUse::required, change_token},
    {Handler::tokens_rotate, BodyUse::optional, rotate_token},
};

const Route* route_of(Handler handler) {
    for (const Route& route : kRoutes) {
        if (route.handler == handler) return &route;
    }
    return nullptr;
}

// The body as JSON (unless the route reads it itself), and the provider that is meant.
Result<std::monostate> read_call(Exchange& exchange, BodyUse use, AdminCall& call) {
    call.body = Json::object();
    const bool is_absent = trim(call.text).empty();
    if (is_absent && use == BodyUse::required) return fail(ErrorCode::bad_json, "bad JSON at byte 0: a body is needed");
    if (!is_absent && use != BodyUse::raw) {
        std::optional<Json> parsed = json::parse(call.text);
        if (!parsed) return tl::unexpected<Error>(json::parse_error(call.text));
        if (!parsed->is_object()) return fail(ErrorCode::bad_request, "the body must be a JSON object");
        call.body = std::move(*parsed);
        call.text.clear();
    }
    const Result<ProviderState*> state = admin_provider(exchange, call.body);
    if (!state) return tl::unexpected<Error>(state.error());
    call.state = *state;
    return std::monostate{};
}

Task<AdminAnswer> run_route(Exchange& exchange, AdminCall& call) {
    const Route* route = route_of(exchange.routing.match.handler);
    if (route == nullptr) co_return fail(ErrorCode::internal, "this route has no handler");
    if (route->body != BodyUse::none) {
        Result<std::string> text = co_await read_body(exchange);
        if (!text) co_return tl::unexpected<Error>(text.error());
        call.text = std::move(*text);
    }
    const Result<std::monostate> read = read_call(exchange, route->body, call);
    if (!read) co_return tl::unexpected<Error>(read.error());
    AdminAnswer answer = co_await route->serve(exchange, call);
    co_return answer;
}

Result<std::uint32_t> query_number(const Exchange& exchange, std::string_view name, std::uint32_t fallback, std::uint32_t highest) {
    const std::string text = query_value(exchange.request.query, name);
    if (text.empty()) return fallback;
    const auto value = parse_u64(text);
    if (!value || *value < 1 || *value > highest) {
        return fail(ErrorCode::bad_request, std::string(name) + " must be a whole number from 1 to " + std::to_string(highest), std::string(name));
    }
    return static_cast<std::uint32_t>(*value);
}

// The member that the database names after its code: "pool_bad_argument: keys[3].until_ms" is about keys.
std::string refused_member(std::string_view detail) {
    const std::size_t colon = detail.find(": ");
    if (colon == std::string_view::npos) return {};
    const std::string_view named = detail.substr(colon + 2);
    return std::string(named.substr(0, named.find_first_not_of("abcdefghijklmnopqrstuvwxyz_")));
}

}  // namespace

Task<void> serve_admin(Exchange& exchange) {
    const config::Config& config = exchange.app.config;
    AdminCall call;
    AdminAnswer answer;
    const bool tells_what_is_missing = exchange.routing.match.handler == Handler::settings && !config.admin_token_hash.empty();
    if (!config.usable() && !tells_what_is_missing) answer = fail(ErrorCode::not_configured, config::configuration_gap(config));
    else if (const auto admitted = admit_operator(exchange, {config.admin_token_hash}, kHint); !admitted) answer = tl::unexpected<Error>(admitted.error());
    else answer = co_await run_route(exchange, call);
    if (call.stream != AdminCall::Stream::none) co_await end_stream(exchange, call, std::move(answer));
    else if (answer) co_await answer_json(exchange, 200, std::move(*answer));
    else if (answer.error().code != ErrorCode::client_gone) co_await answer_error(exchange, answer.error());
}

Result<ProviderState*> admin_provider(Exchange& exchange, const Json& body) {
    const auto named = body.is_object() ? body.find("provider") : body.end();
    if (!body.is_object() || named == body.end() || named->is_null()) {
        const Result<const Provider*> provider = provider_of_query(exchange);
        if (!provider) return tl::unexpected<Error>(provider.error());
        return &exchange.app.state_of(**provider);
    }
    const Provider* provider = named->is_string() ? find_provider(named->get<std::string>()) : nullptr;
    if (provider == nullptr) return fail(ErrorCode::unknown_provider, "there is no such provider", "provider");
    return &exchange.app.state_of(*provider);
}

json::Writer arguments_for(const ProviderState& state) {
    json::Writer out;
    out.begin_object().add_string("provider", state.provider->id);
    return out;
}

Task<Result<Json>> admin_database(Exchange& exchange, std::string_view function, json::Writer arguments) {
    Result<Json> answer = co_await call_database(exchange.app, exchange.session, function, arguments.end_object().take());
    if (!answer && answer.error().code == ErrorCode::storage_refused) {
        answer.error().code = ErrorCode::bad_request;
        answer.error().param = refused_member(answer.error().detail);
    }
    co_return answer;
}

Result<PageRequest> page_of_query(const Exchange& exchange) {
    constexpr std::uint32_t kHighestPage = 1'000'000;
    const PageRequest defaults;
    const auto page = query_number(exchange, "page", defaults.page, kHighestPage);
    if (!page) return tl::unexpected<Error>(page.error());
    const auto size = query_number(exchange, "pageSize", defaults.page_size, limits::kMaxPageSize);
    if (!size) return tl::unexpected<Error>(size.error());
    return PageRequest{*page, *size};
}

Result<std::monostate> check_filters(const Exchange& exchange) {
    for (const std::string_view name : {"status", "search", "sort"}) {
        const std::string value = query_value(exchange.request.query, name);
        if (has_control_character(value) || value.size() > limits::kMaxNameBytes) {
            return fail(ErrorCode::bad_request, std::string(name) + " is too long or holds control characters", std::string(name));
        }
    }
    return std::monostate{};
}

void write_paging(json::Writer& out, const PageRequest& page, std::int64_t total) {
    out.add_integer("total", total).add_integer("page", page.page).add_integer("pageSize", page.page_size);
    out.add_integer("totalPages", (total + page.page_size - 1) / page.page_size);
}

void write_iso(json::Writer& out, std::string_view name, const Json& row, const char* column) {
    const auto ms = json::get_int(row, column);
    if (ms) out.add_string(name, iso8601_utc(static_cast<double>(*ms)));
    else out.add_null(name);
}

void write_figures(json::Writer& out, const Json& row) {
    const auto figure = [&](const char* name) { return json::get_int_or_text(row, name).value_or(0); };
    out.add_integer("total_requests", figure("requests")).add_integer("success_count", figure("success"));
    out.add_integer("failure_count", figure("failure")).add_string("success_rate", percent_text(figure("success"), figure("requests")));
    out.add_integer("prompt_tokens", figure("prompt")).add_integer("completion_tokens", figure("completion"));
    out.add_integer("cached_tokens", figure("cached")).add_integer("reasoning_tokens", figure("reasoning"));
    out.add_integer("estimated_tokens", figure("estimated")).add_integer("cost_nano", figure("cost_nano"));
    write_iso(out, "last_used", row, "last_used_ms");
}

std::string touched_body(const Json& answer, const char* counter, std::string_view done_message, std::string_view none_message) {
    const std::int64_t count = json::get_int(answer, counter).value_or(0);
    json::Writer out;
    out.begin_object().add_boolean("success", count > 0).add_integer(counter, count);
    return out.add_string("message", count > 0 ? done_message : none_message).end_object().take();
}

const Json* rows_of(const Json& answer, const char* name) {
    const auto rows = answer.is_object() ? answer.find(name) : answer.end();
    return rows != answer.end() && rows->is_array() ? &*rows : nullptr;
}

}  // namespace edgepool::app
