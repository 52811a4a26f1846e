#include "app/admin_key_state.hpp"

#include "app/admin_keys.hpp"
#include "app/key_lines.hpp"
#include "app/probe.hpp"
#include "app/readiness.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"

namespace edgepool::app {
namespace {

using json::Json;
using json::Writer;

constexpr std::size_t kMostExplained = 100;
constexpr std::size_t kCheckedAtOnce = 10;  // one subrequest each, on the free plan's fifty
constexpr std::int64_t kLongestDurationS = 10LL * 365 * 24 * 3600;

void write_optional_time(Writer& out, std::string_view name, const std::optional<double>& ms) {
    if (ms) out.add_string(name, iso8601_utc(*ms));
    else out.add_null(name);
}

// A share or an average, to the thousandth.
void write_thousandths(Writer& out, std::string_view name, double value) {
    out.add_raw(name, json::dump(Json(static_cast<double>(static_cast<std::int64_t>(value * 1000 + 0.5)) / 1000)));
}

void write_explained(Writer& out, const keys::KeyPool::Explained& key, std::size_t order) {
    out.begin_object().add_integer("order", static_cast<std::int64_t>(order)).add_string("id", key.id).add_string("state", key.state);
    if (key.reason.empty()) out.add_null("reason");
    else out.add_string("reason", key.reason);
    write_optional_time(out, "until", key.until_ms);
    write_thousandths(out, "weight", key.weight);
    out.add_integer("inFlight", key.in_flight);
    if (key.ceiling) out.add_integer("ceiling", *key.ceiling);
    if (key.remaining) write_thousandths(out, "remaining", *key.remaining);
    write_thousandths(out, "failureRate", key.failure_rate);
    write_thousandths(out, "latencyMs", key.latency_ms);
    out.add_integer("refusals", key.refusals).end_object();
}

void write_reading(Writer& out, const verdict::ProbeReading& reading) {
    out.add_string("standing", verdict::standing_name(reading.standing));
    out.add_boolean("valid", reading.standing == verdict::ProbeReading::Standing::good || reading.standing == verdict::ProbeReading::Standing::spent);
    if (reading.reason.empty()) out.add_null("reason");
    else out.add_string("reason", reading.reason);
    if (reading.until_ms > 0) out.add_string("until", iso8601_utc(reading.until_ms));
    if (reading.remaining) write_thousandths(out, "remaining", *reading.remaining);
    if (!reading.evidence.empty()) out.add_string("evidence", reading.evidence);
}

// {changed} after setting the named keys to `status`.
Task<void> set_status(Exchange& exchange, std::string_view status) {
    const Result<AdminCall> call = co_await read_admin_call(exchange, BodyUse::required);
    if (!call) {
        co_await answer_error(exchange, call.error());
        co_return;
    }
    Result<Writer> arguments = named_keys(*call);
    if (!arguments) {
        co_await answer_error(exchange, arguments.error());
        co_return;
    }
    arguments->add_string("status", status);
    const auto duration = call->body.find("duration");
    if (status == "disabled" && duration != call->body.end() && !duration->is_null()) {
        const auto seconds = json::get_int(call->body, "duration");
        if (!seconds || *seconds < 0 || *seconds > kLongestDurationS) {
            co_await answer_error(exchange, Error(ErrorCode::bad_request, "duration must be a whole number of seconds, 0 for until enabled", "duration"));
            co_return;
        }
        if (*seconds > 0) arguments->add_integer("until_ms", static_cast<std::int64_t>(exchange.app.now_ms) + *seconds * 1000);
    }
    const std::optional<Json> answer = co_await admin_database(exchange, "pool_keys_set", std::move(*arguments));
    if (!answer) co_return;
    const std::int64_t changed = json::get_int(*answer, "changed").value_or(0);
    if (changed > 0) co_await reload_now(exchange, *call->state);
    Writer out;
    out.begin_object().add_boolean("success", changed > 0).add_integer("changed", changed);
    out.add_string("message", changed > 0 ? "Changed" : "No such key");
    co_await answer_json(exchange, 200, out.end_object().take());
}

}  // namespace

Task<void> serve_key_detail(Exchange& exchange) {
    const Result<AdminCall> call = co_await read_admin_call(exchange, BodyUse::none);
    if (!call) {
        co_await answer_error(exchange, call.error());
        co_return;
    }
    Writer arguments = arguments_for(*call->state);
    arguments.add_string("id", exchange.routing.match.parameter);
    const std::optional<Json> row = co_await admin_database(exchange, "pool_keys_get", std::move(arguments));
    if (!row) co_return;
    if (!row->is_object()) {
        co_await answer_error(exchange, Error(ErrorCode::not_found, "there is no key with this id", "id"));
        co_return;
    }
    Writer out;
    out.begin_object();
    write_key_members(out, *row);
    for (const char* name : {"evidence", "quota", "models"}) {
        const auto member = row->find(name);
        out.add_raw(name, member == row->end() ? "null" : json::dump(*member));
    }
    out.add_integer("refusals", json::get_int(*row, "refusals").value_or(0));
    co_await answer_json(exchange, 200, out.end_object().take());
}

Task<void> serve_keys_enable(Exchange& exchange) { co_await set_status(exchange, "active"); }

Task<void> serve_keys_disable(Exchange& exchange) { co_await set_status(exchange, "disabled"); }

Task<void> serve_verify_key(Exchange& exchange) {
    const Result<AdminCall> call = co_await read_admin_call(exchange, BodyUse::required);
    if (!call) {
        co_await answer_error(exchange, call.error());
        co_return;
    }
    const std::string key(trim(json::get_string(call->body, "api_key").value_or(json::get_string(call->body, "apiKey").value_or(""))));
    const std::string_view fault = key_fault(key);
    if (!fault.empty()) {
        co_await answer_error(exchange, Error(ErrorCode::bad_request, std::string("api_key: ").append(fault), "api_key"));
        co_return;
    }
    const verdict::ProbeReading reading = co_await probe_key(exchange.app, exchange.session, *call->state, key);
    Writer out;
    out.begin_object();
    write_reading(out, reading);
    co_await answer_json(exchange, 200, out.end_object().take());
}

Task<void> serve_health_check(Exchange& exchange) {
    const Result<AdminCall> call = co_await read_admin_call(exchange, BodyUse::optional);
    if (!call) {
        co_await answer_error(exchange, call.error());
        co_return;
    }
    const std::size_t asked = co_await probe_some_keys(exchange.app, exchange.session, *call->state, kCheckedAtOnce);
    co_await reload_now(exchange, *call->state);
    Writer out;
    out.begin_object().add_boolean("success", true).add_integer("checked", static_cast<std::int64_t>(asked));
    out.add_integer("usable", call->state->usable).add_integer("total", call->state->total);
    co_await answer_json(exchange, 200, out.end_object().take());
}

Task<void> serve_explain(Exchange& exchange) {
    const Result<AdminCall> call = co_await read_admin_call(exchange, BodyUse::required);
    const auto model = call ? json::get_string(call->body, "model") : std::nullopt;
    if (!call || !model || model->empty() || model->size() > limits::kMaxModelBytes) {
        co_await answer_error(exchange, call ? Error(ErrorCode::bad_request, "model must be the name of a model", "model") : call.error());
        co_return;
    }
    App& app = exchange.app;
    const Result<std::monostate> loaded = co_await ensure_loaded(exchange, *call->state);
    if (!loaded) {
        co_await answer_error(exchange, loaded.error());
        co_return;
    }
    const keys::IncidentState incident = call->state->pool.incident(app.now_ms);
    const auto explained = call->state->pool.explain(*model, app.now_ms, kMostExplained);
    Writer out;
    out.begin_object().add_string("provider", call->state->provider->id).add_string("model", *model);
    out.add_integer("total", call->state->total).add_integer("usable", call->state->usable);
    out.add_integer("inWorkingSet", static_cast<std::int64_t>(call->state->pool.size())).add_boolean("incident", incident.active);
    out.key("keys").begin_array();
    for (std::size_t i = 0; i < explained.size(); ++i) write_explained(out, explained[i], i + 1);
    co_await answer_json(exchange, 200, out.end_array().end_object().take());
}

}  // namespace edgepool::app
