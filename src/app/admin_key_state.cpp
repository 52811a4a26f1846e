#include "app/admin_key_state.hpp"

#include "app/admin_keys.hpp"
#include "app/audit.hpp"
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

// Why keys are turned off, for people; may be empty. Error: bad_request.
Result<std::string> reason_of(const Json& body) {
    const auto member = body.find("reason");
    if (member == body.end() || member->is_null()) return std::string();
    const auto text = json::get_string(body, "reason");
    if (!text || text->size() > limits::kMaxNameBytes || has_control_character(*text)) {
        return fail(ErrorCode::bad_request, "reason must be a text of at most " + std::to_string(limits::kMaxNameBytes) + " bytes, without control characters", "reason");
    }
    return std::string(trim(*text));
}

bool is_start_of_id(std::string_view text) {
    return text.size() >= 8 && text.size() <= 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// {changed} after setting the named keys to `status`.
Task<AdminAnswer> set_status(Exchange& exchange, AdminCall& call, std::string_view status) {
    Result<Writer> arguments = named_keys(call);
    if (!arguments) {
        co_return tl::unexpected<Error>(arguments.error());
    }
    arguments->add_string("status", status);
    const auto duration = call.body.find("duration");
    if (duration != call.body.end() && !duration->is_null()) {
        const auto seconds = json::get_int(call.body, "duration");
        if (!seconds || *seconds < 0 || *seconds > kLongestDurationS) {
            co_return fail(ErrorCode::bad_request, "duration must be a whole number of seconds, 0 for until enabled", "duration");
        }
        if (status == "disabled" && *seconds > 0) arguments->add_integer("until_ms", static_cast<std::int64_t>(exchange.app.now_ms) + *seconds * 1000);
    }
    const Result<std::string> reason = reason_of(call.body);
    if (!reason) co_return tl::unexpected<Error>(reason.error());
    if (status == "disabled" && !reason->empty()) arguments->add_string("reason", *reason);
    add_audit(*arguments, exchange, {status == "disabled" ? "keys.disable" : "keys.enable", {}, *reason});
    const Result<Json> answer = co_await admin_database(exchange, "pool_keys_set", std::move(*arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    if (json::get_int(*answer, "changed").value_or(0) > 0) co_await reload_now(exchange, *call.state);
    co_return touched_body(*answer, "changed", "Changed", "No such key");
}

}  // namespace

Task<AdminAnswer> key_detail(Exchange& exchange, AdminCall& call) {
    const std::string id = ascii_lower(exchange.routing.match.parameter);
    if (!is_start_of_id(id)) {
        co_return fail(ErrorCode::bad_request, "a key's id is 8 to 16 hexadecimal digits", "id");
    }
    Writer arguments = arguments_for(*call.state);
    arguments.add_string("id", id);
    const Result<Json> row = co_await admin_database(exchange, "pool_keys_get", std::move(arguments));
    if (!row) co_return tl::unexpected<Error>(row.error());
    if (!row->is_object()) {
        co_return fail(ErrorCode::not_found, "there is no key with this id", "id");
    }
    Writer out;
    out.begin_object();
    write_key_members(out, *row);
    for (const char* name : {"evidence", "quota", "models"}) {
        const auto member = row->find(name);
        out.add_raw(name, member == row->end() ? "null" : json::dump(*member));
    }
    out.add_integer("refusals", json::get_int(*row, "refusals").value_or(0));
    co_return out.end_object().take();
}

Task<AdminAnswer> enable_keys(Exchange& exchange, AdminCall& call) { return set_status(exchange, call, "active"); }

Task<AdminAnswer> disable_keys(Exchange& exchange, AdminCall& call) { return set_status(exchange, call, "disabled"); }

Task<AdminAnswer> verify_key(Exchange& exchange, AdminCall& call) {
    const std::string key(trim(json::get_string(call.body, "api_key").value_or(json::get_string(call.body, "apiKey").value_or(""))));
    const std::string_view fault = key_fault(key);
    if (!fault.empty()) {
        co_return fail(ErrorCode::bad_request, std::string("api_key: ").append(fault), "api_key");
    }
    const verdict::ProbeReading reading = co_await probe_key(exchange.app, exchange.session, *call.state, key);
    Writer out;
    out.begin_object();
    write_reading(out, reading);
    co_return out.end_object().take();
}

Task<AdminAnswer> explain_choice(Exchange& exchange, AdminCall& call) {
    const auto model = json::get_string(call.body, "model");
    if (!model || model->empty() || model->size() > limits::kMaxModelBytes) {
        co_return fail(ErrorCode::bad_request, "model must be the name of a model", "model");
    }
    App& app = exchange.app;
    const Result<std::monostate> loaded = co_await ensure_loaded(exchange, *call.state);
    if (!loaded) {
        co_return tl::unexpected<Error>(loaded.error());
    }
    const keys::IncidentState incident = call.state->pool.incident(app.now_ms);
    const auto explained = call.state->pool.explain(*model, app.now_ms, kMostExplained);
    Writer out;
    out.begin_object().add_string("provider", call.state->provider->id).add_string("model", *model);
    out.add_integer("total", call.state->total).add_integer("usable", call.state->usable);
    out.add_integer("inWorkingSet", static_cast<std::int64_t>(call.state->pool.size())).add_boolean("incident", incident.active);
    out.key("keys").begin_array();
    for (std::size_t i = 0; i < explained.size(); ++i) write_explained(out, explained[i], i + 1);
    co_return out.end_array().end_object().take();
}

}  // namespace edgepool::app
