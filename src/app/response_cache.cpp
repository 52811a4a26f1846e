#include "app/response_cache.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cache/cache_key.hpp"
#include "cache/cache_rules.hpp"

namespace edgepool::app {
namespace {

constexpr std::uint32_t kCacheTimeoutMs = 500;  // a slower cache is worse than none
constexpr std::size_t kEntryHeadBytes = 1024;   // of an entry, before the body

std::string url_of(const Exchange& exchange, const Plan& plan) {
    const bool is_shared = exchange.app.config.response_cache.is_shared;
    return cache::entry_url(plan.cache_digest, is_shared ? std::string_view() : std::string_view(plan.token_hash));
}

host::CachePut put_of(std::string url, std::uint32_t ttl_s, std::string body) {
    host::CachePut put;
    put.url = std::move(url);
    put.headers.add("cache-control", "public, max-age=" + std::to_string(ttl_s));
    put.headers.add("content-type", "application/octet-stream");
    put.body = std::move(body);
    put.timeout_ms = kCacheTimeoutMs;
    return put;
}

// Has somebody of this location cleared the cache? Asked now and then.
Task<void> learn_of_clearing(Exchange& exchange, ProviderState& state) {
    CacheState& cache = state.cache;
    const double now_ms = exchange.app.now_ms;
    if (cache.looked_ms != 0 && now_ms >= cache.looked_ms && now_ms - cache.looked_ms < kClearingFreshMs) co_return;
    cache.looked_ms = now_ms;
    const host::Outcome found =
        co_await exchange.session.perform(host::CacheGet{cache::clearing_url(state.provider->id), kEntryHeadBytes, kCacheTimeoutMs});
    if (found.status != host::Status::ok || found.number == 0) co_return;
    if (const auto note = cache::read_entry(found.data)) cache.cleared_ms = std::max(cache.cleared_ms, note->made_ms);
}

Task<void> put(host::Session& session, ProviderState& state, host::CachePut operation) {
    const host::Outcome done = co_await session.perform(std::move(operation));
    ++(done.status == host::Status::ok ? state.cache.kept : state.cache.failures);
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
}

Task<bool> answer_from_cache(Exchange& exchange, ProviderState& state, const Plan& plan) {
    if (plan.cache_digest.empty() || !plan.asks_cache) co_return false;
    co_await learn_of_clearing(exchange, state);
    const config::ResponseCache& config = exchange.app.config.response_cache;
    const host::Outcome found =
        co_await exchange.session.perform(host::CacheGet{url_of(exchange, plan), config.max_bytes + kEntryHeadBytes, kCacheTimeoutMs});
    if (found.status != host::Status::ok) ++state.cache.failures;
    const bool is_found = found.status == host::Status::ok && found.number == 1;
    const std::optional<cache::Entry> entry = is_found ? cache::read_entry(found.data) : std::nullopt;
    const double age_ms = entry ? exchange.app.now_ms - entry->made_ms : 0;
    const bool is_good = entry && entry->made_ms > state.cache.cleared_ms && age_ms < config.ttl_s * 1000.0;
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
    host::CachePut operation = put_of(url_of(exchange, plan), config.ttl_s, cache::write_entry(exchange.app.now_ms, content_type, body));
    exchange.app.spawn([&](host::Session& session) { return put(session, state, std::move(operation)); });
}

Task<void> clear_cache(Exchange& exchange, ProviderState& state) {
    state.cache.cleared_ms = exchange.app.now_ms;
    host::CachePut note = put_of(cache::clearing_url(state.provider->id), exchange.app.config.response_cache.ttl_s,
                                 cache::write_entry(exchange.app.now_ms, {}, {}));
    const host::Outcome done = co_await exchange.session.perform(std::move(note));
    if (done.status != host::Status::ok) ++state.cache.failures;
}

}  // namespace edgepool::app
