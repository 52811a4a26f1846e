#include "app/response_cache.hpp"

#include <algorithm>

#include "app/cache_store.hpp"
#include "cache/cache_key.hpp"
#include "cache/cache_rules.hpp"

namespace edgepool::app {
namespace {

// In the background; the client does not wait for it.
Task<void> keep(App& app, host::Session& session, ProviderState& state, NewEntry entry) {
    const Keeping keeping = co_await keep_entry(app, session, state, std::move(entry));
    if (keeping == Keeping::kept) ++state.cache.kept;
    if (keeping == Keeping::failed) ++state.cache.failures;
}

}  // namespace

void plan_caching(const Exchange& exchange, const ProviderState& state, Plan& plan, std::string_view body) {
    const config::ResponseCache& config = exchange.app.config.response_cache;
    if (!config.is_on || !plan.is_generation || plan.streams || body.size() > cache::kMaxCachedRequestBytes) return;
    const cache::Directives directives = cache::read_directives(exchange.request.headers.get("cache-control"));
    if (!directives.may_keep) return;
    const cache::Content content = cache::content_of(body);
    if (content == cache::Content::stateful || (content == cache::Content::tools && !config.keeps_tools)) return;
    const Match& match = exchange.routing.match;
    plan.cache_digest =
        cache::content_digest(*state.provider, match.path, exchange.request.query, plan.model, exchange.request.headers, body).value_or("");
    plan.asks_cache = directives.may_look_up;
    plan.cache_generation = state.cache.generation;
}

Task<bool> answer_from_cache(Exchange& exchange, ProviderState& state, Plan& plan) {
    if (plan.cache_digest.empty() || !plan.asks_cache) co_return false;
    const Result<std::optional<std::string>> found = co_await find_entry(exchange, state, plan);
    if (!found && found.error().code != ErrorCode::client_gone) ++state.cache.failures;
    const std::optional<cache::Entry> entry = found && *found ? cache::read_entry(**found) : std::nullopt;
    const double age_ms = entry ? exchange.app.now_ms - entry->made_ms : 0;
    const bool is_good = entry && age_ms < exchange.app.config.response_cache.ttl_s * 1000.0;
    ++(is_good ? state.cache.hits : state.cache.misses);
    if (!is_good) co_return false;
    host::Respond answer;
    answer.headers = common_headers(exchange);
    answer.headers.add("content-type", entry->content_type);
    answer.headers.add("x-cache", "HIT");
    answer.headers.add("age", std::to_string(static_cast<std::uint64_t>(std::max(age_ms, 0.0) / 1000)));
    answer.body = entry->body;
    co_await exchange.session.perform(std::move(answer));
    co_return true;
}

void keep_answer(Exchange& exchange, ProviderState& state, const Plan& plan, std::string_view content_type, std::string_view body) {
    const config::ResponseCache& config = exchange.app.config.response_cache;
    if (plan.cache_digest.empty() || body.size() > config.max_bytes || content_type.size() > kEntryHeadBytes / 2) return;
    NewEntry entry{entry_name(exchange.app, plan), plan.cache_generation, cache::write_entry(exchange.app.now_ms, content_type, body)};
    App& app = exchange.app;
    app.spawn([&](host::Session& session) { return keep(app, session, state, std::move(entry)); });
}

Task<bool> clear_cache(Exchange& exchange, ProviderState& state) {
    const bool is_done = co_await void_entries(exchange, state);
    if (!is_done) ++state.cache.failures;
    co_return is_done;
}

}  // namespace edgepool::app
