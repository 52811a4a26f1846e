#include "app/admin_stats.hpp"

#include "app/admin.hpp"
#include "app/flush.hpp"
#include "app/percent.hpp"
#include "base/time_text.hpp"

namespace edgepool::app {

using json::Json;

Task<void> serve_admin_stats(Exchange& exchange) {
    const Result<AdminCall> call = co_await read_admin_call(exchange, BodyUse::none);
    if (!call) {
        co_await answer_error(exchange, call.error());
        co_return;
    }
    App& app = exchange.app;
    co_await flush_now(app, exchange.session, *call->state);
    const std::optional<Json> row = co_await admin_database(exchange, "pool_admin_stats", Json{{"provider", call->state->provider->id}});
    if (!row) co_return;
    const auto figure = [&](const char* name) { return json::get_int_or_text(*row, name).value_or(0); };
    Json body{{"total_api_keys", figure("total_keys")},
              {"active_keys", figure("active_keys")},
              {"failed_keys", figure("failed_keys")},
              {"disabled_keys", figure("disabled_keys")},
              {"expired_keys", figure("expired_keys")},
              {"total_client_tokens", figure("total_tokens")},
              {"total_requests", figure("total_requests")},
              {"success_count", figure("success")},
              {"failure_count", figure("failure")},
              {"success_rate", percent_text(figure("success"), figure("total_requests"))},
              {"prompt_tokens", figure("prompt")},
              {"completion_tokens", figure("completion")},
              {"cached_tokens", figure("cached")},
              {"reasoning_tokens", figure("reasoning")},
              {"estimated_tokens", figure("estimated")},
              {"cost_nano", figure("cost_nano")},
              {"storage", "postgres"},
              {"timestamp", iso8601_with_offset(app.now_ms, app.config.display_offset_minutes)}};
    co_await answer_json(exchange, 200, std::move(body));
}

}  // namespace edgepool::app
