#include "app/request_log.hpp"

#include <array>

#include "base/text.hpp"
#include "http/client_address.hpp"
#include "json/writer.hpp"

namespace edgepool::app {
namespace {

using json::Writer;

constexpr std::array<std::string_view, 5> kOutcomeNames = {"answered", "success", "failure", "refused", "left"};

void add_text(Writer& out, std::string_view name, std::string_view text) {
    if (!text.empty()) out.add_string(name, clip_utf8(text, limits::kMaxLoggedTextBytes));
}

void add_ms(Writer& out, std::string_view name, double ms) { out.add_integer(name, static_cast<std::int64_t>(ms < 0 ? 0 : ms)); }

void add_usage(Writer& out, const usage::Usage& usage) {
    out.add_integer("prompt_tokens", usage.prompt).add_integer("completion_tokens", usage.completion).add_integer("cost_nano", usage.cost_nano);
    if (usage.estimated) out.add_boolean("estimated", true);
}

}  // namespace

std::string_view route_pattern(const Routing& routing) { return routing.error == RouteError::none ? routing.pattern : "(no route)"; }

std::string_view outcome_name(RequestOutcome outcome) { return kOutcomeNames[static_cast<std::size_t>(outcome)]; }

RequestOutcome outcome_of(const RequestRecord& record) {
    if (record.outcome != RequestOutcome::answered) return record.outcome;
    if (record.status == 0) return RequestOutcome::left;
    return record.error.empty() || record.attempts > 0 ? RequestOutcome::answered : RequestOutcome::refused;
}

bool is_error_line(const RequestRecord& record) { return record.status >= 400 || record.outcome == RequestOutcome::failure; }

std::string request_line(const Exchange& exchange) {
    const RequestRecord& record = exchange.record;
    Writer out;
    out.begin_object().add_string("event", "request").add_string("id", exchange.request_id);
    add_text(out, "method", exchange.request.method);
    add_text(out, "route", route_pattern(exchange.routing));
    const Provider* named = exchange.routing.match.provider;
    add_text(out, "provider", !record.provider.empty() || named == nullptr ? record.provider : named->id);
    out.add_string("dialect", dialect_name(exchange.dialect())).add_integer("status", record.status);
    out.add_string("outcome", outcome_name(outcome_of(record)));
    add_text(out, "error", record.error);
    add_text(out, "model", record.model);
    add_text(out, "token", record.token);
    if (record.attempts > 0) {
        out.add_integer("attempts", record.attempts);
        add_text(out, "key", record.key_id);
        add_text(out, "delivery", record.delivery);
        add_usage(out, record.usage);
    }
    if (record.first_byte_ms) add_ms(out, "first_byte_ms", *record.first_byte_ms);
    add_ms(out, "duration_ms", exchange.app.now_ms - exchange.began_ms);
    if (exchange.app.config.log_client_address) add_text(out, "client", client_address(exchange.request));
    return out.end_object().take();
}

void log_request(Exchange& exchange) {
    using config::LogRequests;
    const LogRequests wanted = exchange.app.config.log_requests;
    if (wanted == LogRequests::none || (wanted == LogRequests::errors && !is_error_line(exchange.record))) return;
    exchange.app.log(exchange.record.status >= 500, request_line(exchange));
}

}  // namespace edgepool::app
