#include "app/admin_settings.hpp"

#include "app/public_pages.hpp"
#include "app/redis.hpp"
#include "app/storage_health.hpp"
#include "store/calls.hpp"

namespace edgepool::app {
namespace {

using json::Writer;

void write_configuration(Writer& out, const config::Config& config) {
    out.key("configuration").begin_array();
    for (const config::Setting& setting : config.settings) {
        out.begin_object().add_string("name", setting.name).add_boolean("set", setting.is_set).add_boolean("secret", setting.is_secret);
        if (!setting.value.empty()) out.add_string("value", setting.value);
        else out.add_null("value");
        if (setting.fallback.empty()) out.add_null("default");
        else out.add_string("default", setting.fallback);
        out.end_object();
    }
    out.end_array();
}

void write_schema(Writer& out, const StorageHealth& storage) {
    out.key("schema").begin_object().add_integer("needed", store::kSchemaVersion);
    if (storage.schema_version) out.add_integer("found", *storage.schema_version);
    else out.add_null("found");
    out.add_string("mend", kMendSchema).end_object();
}

void write_providers(Writer& out, const App& app, const StorageHealth& storage) {
    out.key("providers").begin_array();
    for (const ProviderState& state : app.providers) {
        out.begin_object().add_string("id", state.provider->id).add_boolean("enabled", !state.config->disabled);
        out.add_string("baseUrl", state.config->base_url).add_string("tables", tables_of(storage, state.provider->id)).end_object();
    }
    out.end_array();
}

}  // namespace

Task<AdminAnswer> admin_settings(Exchange& exchange, AdminCall&) {
    const App& app = exchange.app;
    StorageHealth storage;
    if (app.config.usable()) storage = co_await probe_storage(exchange.app, exchange.session);
    else storage.problem = "not asked while the configuration is incomplete";
    if (storage.is_abandoned) co_return fail(ErrorCode::client_gone, "the client has left");
    Writer out;
    out.begin_object().add_string("version", kVersion);
    write_configuration(out, app.config);
    write_texts(out, "problems", app.config.problems);
    write_texts(out, "missing", app.config.missing);
    out.key("storage").begin_object().add_string("kind", "postgres");
    write_storage(out, storage);
    out.end_object();
    write_schema(out, storage);
    write_redis(out, app);
    out.key("cron").begin_object();
    write_last_run(out, storage);
    out.add_raw("report", json::dump(storage.housekeeping)).end_object();
    write_providers(out, app, storage);
    co_return out.end_object().take();
}

}  // namespace edgepool::app
