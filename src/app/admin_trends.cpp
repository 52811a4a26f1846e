#include "app/admin_trends.hpp"

#include "app/flush.hpp"
#include "base/time_text.hpp"

namespace edgepool::app {
namespace {

using json::Json;
using json::Writer;

struct Figure {
    std::string_view name;
    const char* column;
};

constexpr Figure kFigures[] = {
    {"requests", "requests"},          {"success", "success"},       {"failure", "failure"},
    {"prompt_tokens", "prompt"},       {"completion_tokens", "completion"}, {"cached_tokens", "cached"},
    {"reasoning_tokens", "reasoning"}, {"estimated_tokens", "estimated"},   {"cost_nano", "cost_nano"},
};

// The members of one row; the caller has begun it and ends it.
void write_trend_figures(Writer& out, const Json& row) {
    for (const Figure& figure : kFigures) out.add_integer(figure.name, json::get_int_or_text(row, figure.column).value_or(0));
    const std::int64_t measured = json::get_int_or_text(row, "latency_count").value_or(0);
    if (measured > 0) out.add_integer("latency_ms", json::get_int_or_text(row, "latency_ms").value_or(0) / measured);
    else out.add_null("latency_ms");
}

std::string trends_body(const Json& answer, const ProviderState& state, std::string_view window) {
    Writer out;
    out.begin_object().add_string("provider", state.provider->id).add_string("window", window);
    out.add_string("step", window == "24h" ? "hour" : "day").key("rows").begin_array();
    for (const Json& row : *rows_of(answer, "rows")) {
        out.begin_object();
        write_iso(out, "start", row, "start_ms");
        write_trend_figures(out, row);
        out.end_object();
    }
    out.end_array().key("totals").begin_object();
    write_trend_figures(out, answer.value("totals", Json()));
    out.end_object().key("models").begin_array();
    for (const Json& row : *rows_of(answer, "models")) {
        out.begin_object().add_string("model", json::get_string(row, "model").value_or(""));
        write_trend_figures(out, row);
        out.end_object();
    }
    return out.end_array().end_object().take();
}

}  // namespace

Task<AdminAnswer> admin_trends(Exchange& exchange, AdminCall& call) {
    App& app = exchange.app;
    std::string window = query_value(exchange.request.query, "window");
    if (window.empty()) window = "24h";
    if (window != "24h" && window != "30d") co_return fail(ErrorCode::bad_request, "window must be 24h or 30d", "window");
    co_await flush_now(app, exchange.session, *call.state);
    Writer arguments = arguments_for(*call.state);
    arguments.add_string("window", window).add_integer("offset_minutes", app.config.display_offset_minutes);
    const Result<Json> answer = co_await admin_database(exchange, "pool_trends", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    if (rows_of(*answer, "rows") == nullptr || rows_of(*answer, "models") == nullptr) {
        co_return fail(ErrorCode::storage_answer_unreadable, "the database's answer lacks its rows");
    }
    co_return trends_body(*answer, *call.state, window);
}

}  // namespace edgepool::app
