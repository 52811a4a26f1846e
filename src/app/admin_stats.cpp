#include "app/admin_stats.hpp"

#include "app/admin.hpp"
#include "app/flush.hpp"
#include "app/percent.hpp"
#include "base/time_text.hpp"

namespace edgepool::app {

using json::Json;

Task<AdminAnswer> admin_stats(Exchange& exchange, AdminCall& call) {
    App& app = exchange.app;
    co_await flush_now(app, exchange.session, *call.state);
    const Result<Json> row = co_await admin_database(exchange, "pool_admin_stats", arguments_for(*call.state));
    if (!row) co_return tl::unexpected<Error>(row.error());
    if (!json::get_int_or_text(*row, "total_requests")) {
        co_return fail(ErrorCode::storage_answer_unreadable, "the database's answer lacks its figures");
    }
    const auto figure = [&](const char* name) { return json::get_int_or_text(*row, name).value_or(0); };
    json::Writer out;
    out.begin_object();
    out.add_integer("total_api_keys", figure("total_keys")).add_integer("active_keys", figure("active_keys"));
    out.add_integer("failed_keys", figure("failed_keys")).add_integer("disabled_keys", figure("disabled_keys"));
    out.add_integer("expired_keys", figure("expired_keys")).add_integer("total_client_tokens", figure("total_tokens"));
    out.add_integer("total_requests", figure("total_requests")).add_integer("success_count", figure("success"));
    out.add_integer("failure_count", figure("failure")).add_string("success_rate", percent_text(figure("success"), figure("total_requests")));
    out.add_integer("prompt_tokens", figure("prompt")).add_integer("completion_tokens", figure("completion"));
    out.add_integer("cached_tokens", figure("cached")).add_integer("reasoning_tokens", figure("reasoning"));
    out.add_integer("estimated_tokens", figure("estimated")).add_integer("cost_nano", figure("cost_nano"));
    out.add_string("storage", "postgres").add_string("timestamp", iso8601_with_offset(app.now_ms, app.config.display_offset_minutes));
    co_return out.end_object().take();
}

}  // namespace edgepool::app
