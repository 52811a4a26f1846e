#include "app/admin.hpp"

#include "app/admin_key_state.hpp"
#include "app/admin_keys.hpp"
#include "app/admin_stats.hpp"
#include "app/admin_tokens.hpp"
#include "app/percent.hpp"
#include "app/public_pages.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"

namespace edgepool::app {
namespace {

using json::Json;

// Hashes of equal length are compared, so the time taken tells nothing about the token.
bool is_admin(const Exchange& exchange) {
    const std::string_view credential = bearer_credential(exchange.request.headers);
    return equals_constant_time(sha256_hex(credential), exchange.app.config.admin_token_hash);
}

Task<void> dispatch(Exchange& exchange) {
    switch (exchange.routing.match.handler) {
        case Handler::admin_stats: co_await serve_admin_stats(exchange); break;
        case Handler::keys_list: co_await serve_keys_list(exchange); break;
        case Handler::keys_add: co_await serve_keys_add(exchange); break;
        case Handler::keys_import: co_await serve_keys_import(exchange); break;
        case Handler::keys_remove: co_await serve_keys_remove(exchange); break;
        case Handler::keys_enable: co_await serve_keys_enable(exchange); break;
        case Handler::keys_disable: co_await serve_keys_disable(exchange); break;
        case Handler::keys_health_check: co_await serve_health_check(exchange); break;
        case Handler::key_detail: co_await serve_key_detail(exchange); break;
        case Handler::verify_key: co_await serve_verify_key(exchange); break;
        case Handler::explain: co_await serve_explain(exchange); break;
        case Handler::tokens_list: co_await serve_tokens_list(exchange); break;
        case Handler::tokens_create: co_await serve_tokens_create(exchange); break;
        case Handler::tokens_remove: co_await serve_tokens_remove(exchange); break;
        default: co_await answer_error(exchange, {ErrorCode::internal, "this route has no handler", {}, 0}); break;
    }
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

}  // namespace

Task<void> serve_admin(Exchange& exchange) {
    const config::Config& config = exchange.app.config;
    if (!config.usable()) {
        co_await answer_error(exchange, {ErrorCode::not_configured, config::configuration_gap(config), {}, 0});
    } else if (!is_admin(exchange)) {
        co_await answer_error(exchange, {ErrorCode::invalid_admin_token, "send the admin token as \"Authorization: Bearer <ADMIN_TOKEN>\"", {}, 0});
    } else {
        co_await dispatch(exchange);
    }
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

Task<Result<AdminCall>> read_admin_call(Exchange& exchange, BodyUse use) {
    AdminCall call;
    call.body = Json::object();
    if (use != BodyUse::none) {
        const Result<std::string> text = co_await read_body(exchange);
        if (!text) co_return tl::unexpected<Error>(text.error());
        const bool is_absent = trim(*text).empty();
        if (is_absent && use == BodyUse::required) co_return fail(ErrorCode::bad_json, "bad JSON at byte 0: a body is needed");
        if (!is_absent) {
            std::optional<Json> parsed = json::parse(*text);
            if (!parsed) {
                const Result<json::Range> scanned = json::scan_value(*text);
                co_return fail(ErrorCode::bad_json, scanned ? "bad JSON: not valid UTF-8" : scanned.error().detail);
            }
            if (!parsed->is_object()) co_return fail(ErrorCode::bad_request, "the body must be a JSON object");
            call.body = std::move(*parsed);
        }
    }
    const Result<ProviderState*> state = admin_provider(exchange, call.body);
    if (!state) co_return tl::unexpected<Error>(state.error());
    call.state = *state;
    co_return call;
}

json::Writer arguments_for(const ProviderState& state) {
    json::Writer out;
    out.begin_object().add_string("provider", state.provider->id);
    return out;
}

Task<std::optional<Json>> admin_database(Exchange& exchange, std::string_view function, json::Writer arguments) {
    Result<Json> answer = co_await call_database(exchange.app, exchange.session, function, arguments.end_object().take());
    if (answer) co_return std::move(*answer);
    Error error = answer.error();
    // The database refuses only what it was given: that is the caller's to mend.
    if (error.code == ErrorCode::storage_refused) error.code = ErrorCode::bad_request;
    co_await answer_error(exchange, std::move(error));
    co_return std::nullopt;
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

Task<void> answer_removed(Exchange& exchange, const Json& answer, std::string_view none_message) {
    const std::int64_t removed = json::get_int(answer, "removed").value_or(0);
    json::Writer out;
    out.begin_object().add_boolean("success", removed > 0).add_integer("removed", removed);
    out.add_string("message", removed > 0 ? "Removed" : none_message);
    co_await answer_json(exchange, 200, out.end_object().take());
}

const Json* rows_of(const Json& answer, const char* name) {
    const auto rows = answer.is_object() ? answer.find(name) : answer.end();
    return rows != answer.end() && rows->is_array() ? &*rows : nullptr;
}

}  // namespace edgepool::app
