#include "app/admin_cache.hpp"

#include "app/audit.hpp"
#include "app/cache_store.hpp"
#include "app/response_cache.hpp"

namespace edgepool::app {

namespace {

// What is named is not told apart, but must be what it is documented to be. Error: bad_request naming the member.
Result<std::monostate> check_names(const json::Json& body) {
    for (const char* name : {"pattern", "scope"}) {
        const auto member = body.find(name);
        if (member != body.end() && !member->is_null() && !member->is_string()) return fail(ErrorCode::bad_request, std::string(name) + " must be a text", name);
    }
    return std::monostate{};
}

}  // namespace

Task<AdminAnswer> cache_stats(Exchange& exchange, AdminCall& call) {
    const config::ResponseCache& config = exchange.app.config.response_cache;
    const CacheState& cache = call.state->cache;
    json::Writer out;
    out.begin_object().add_string("provider", call.state->provider->id).add_boolean("enabled", config.is_on);
    if (config.is_on) out.add_string("store", store_name(config.store));
    else out.add_null("store");
    out.add_null("entries").add_integer("hits", cache.hits).add_integer("misses", cache.misses);
    out.add_integer("kept", cache.kept).add_integer("failures", cache.failures);
    out.add_integer("ttl_s", config.ttl_s).add_integer("max_bytes", static_cast<std::int64_t>(config.max_bytes));
    out.add_string("scope", config.is_shared ? "pool" : "token");
    out.add_string("note", "hits, misses and what was kept are those of this isolate since it began; the cache cannot count its entries");
    co_return out.end_object().take();
}

Task<AdminAnswer> clear_responses(Exchange& exchange, AdminCall& call) {
    const Result<std::monostate> checked = check_names(call.body);
    if (!checked) co_return tl::unexpected<Error>(checked.error());
    const config::ResponseCache& config = exchange.app.config.response_cache;
    json::Writer out;
    out.begin_object();
    if (!config.is_on) {
        out.add_boolean("success", false).add_null("cleared").add_string("message", "the response cache is off");
        co_return out.end_object().take();
    }
    const AuditNote note{"cache.clear", {}, std::string(store_name(config.store))};
    const Result<std::monostate> noted = co_await note_audit(exchange, *call.state, note, 0);
    if (!noted) co_return tl::unexpected<Error>(noted.error());
    const bool is_done = co_await clear_cache(exchange, *call.state);
    std::string message(reach_of_clearing(config.store));
    message.append(". Patterns and scopes are not told apart");
    if (!is_done) message = "the cache's store could not be told: what was kept may still be given; try again";
    out.add_boolean("success", is_done).add_null("cleared").add_string("message", message);
    co_return out.end_object().take();
}

}  // namespace edgepool::app
