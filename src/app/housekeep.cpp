#include "app/housekeep.hpp"

#include "app/exchange.hpp"
#include "app/flush.hpp"

namespace edgepool::app {

using json::Json;

Task<void> housekeep(App& app, host::Session& session) {
    if (!app.config.usable()) co_return;
    for (ProviderState& state : app.providers) {
        if (state.config->disabled) continue;
        co_await flush_now(app, session, state);
        const Json arguments{{"provider", state.provider->id}, {"days", app.config.retention_days}};
        const Result<Json> pruned = co_await call_database(app, session, "pool_prune", json::dump(arguments));
        const Json line{{"event", pruned ? "pruned" : "prune_failed"},
                        {"provider", state.provider->id},
                        {"detail", pruned ? *pruned : Json(pruned.error().detail)}};
        app.log(!pruned, json::dump(line));
    }
}

}  // namespace edgepool::app
