#include "app/cache_store.hpp"

#include <algorithm>

#include "app/redis.hpp"
#include "base/text.hpp"
#include "cache/cache_key.hpp"
#include "cache/cache_rules.hpp"

namespace edgepool::app {
namespace {

using config::CacheStore;
using redis::Reply;
using Found = Result<std::optional<std::string>>;

constexpr std::uint32_t kCacheTimeoutMs = 500;  // a slower cache is worse than none

tl::unexpected<Error> unavailable(host::Status status) {
    const bool has_left = status == host::Status::client_gone;
    return fail(has_left ? ErrorCode::client_gone : ErrorCode::storage_unavailable, "the cache cannot be asked");
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

Task<Found> find_in_location(Exchange& exchange, ProviderState& state, std::string name) {
    co_await learn_of_clearing(exchange, state);
    const std::size_t max_bytes = exchange.app.config.response_cache.max_bytes + kEntryHeadBytes;
    host::Outcome found = co_await exchange.session.perform(host::CacheGet{cache::entry_url(name), max_bytes, kCacheTimeoutMs});
    if (found.status != host::Status::ok) co_return unavailable(found.status);
    const std::optional<cache::Entry> entry = found.number == 1 ? cache::read_entry(found.data) : std::nullopt;
    if (!entry || entry->made_ms <= state.cache.cleared_ms) co_return std::optional<std::string>();
    co_return std::optional<std::string>(std::move(found.data));
}

std::string generation_key(const ProviderState& state) { return std::string("cache:generation:").append(state.provider->id); }
std::string answer_key(std::string_view name) { return redis_key(std::string("cache:answer:").append(name)); }

// The provider's generation as Redis has it; none has been counted yet: 0.
void learn_generation(ProviderState& state, const Reply& reply) {
    if (reply.kind != Reply::Kind::error) state.cache.generation = redis::number_of(reply).value_or(0);
}

Task<Found> find_in_redis(Exchange& exchange, ProviderState& state, Plan& plan, std::string name) {
    std::vector<redis::Command> commands = {{"GET", redis_key(generation_key(state))}, {"GET", answer_key(name)}};
    Result<std::vector<Reply>> replies = co_await redis_exchange(exchange.app, exchange.session, std::move(commands));
    if (!replies) co_return tl::unexpected<Error>(replies.error());
    const bool is_refused = std::any_of(replies->begin(), replies->end(), [](const Reply& reply) { return reply.kind == Reply::Kind::error; });
    if (is_refused) co_return unavailable(host::Status::failed);
    learn_generation(state, replies->front());
    plan.cache_generation = state.cache.generation;
    std::string& text = replies->back().text;
    const std::size_t end = text.find('\n');
    const auto generation = end == text.npos ? std::nullopt : parse_u64(std::string_view(text).substr(0, end));
    if (!generation || static_cast<std::int64_t>(*generation) != plan.cache_generation) co_return std::optional<std::string>();
    co_return std::optional<std::string>(text.substr(end + 1));
}

// The generation is asked for with it: an isolate that is never allowed to look something up learns it so.
Task<Keeping> keep_in_redis(App& app, host::Session& session, ProviderState& state, NewEntry entry) {
    const bool is_kept = entry.generation >= 0 && valid_utf8(entry.text) == entry.text;
    std::vector<redis::Command> commands = {{"GET", redis_key(generation_key(state))}};
    if (is_kept) {
        commands.push_back({"SET", answer_key(entry.name), std::to_string(entry.generation).append(1, '\n').append(entry.text), "EX",
                            std::to_string(app.config.response_cache.ttl_s)});
    }
    const Result<std::vector<Reply>> replies = co_await redis_exchange(app, session, std::move(commands));
    if (!replies || replies->back().kind == Reply::Kind::error) co_return Keeping::failed;
    learn_generation(state, replies->front());
    co_return is_kept ? Keeping::kept : Keeping::left_out;
}

}  // namespace

Task<Found> find_entry(Exchange& exchange, ProviderState& state, Plan& plan) {
    const bool is_redis = exchange.app.config.response_cache.store == CacheStore::redis;
    std::string name = entry_name(exchange.app, plan);
    Task<Found> way = is_redis ? find_in_redis(exchange, state, plan, std::move(name)) : find_in_location(exchange, state, std::move(name));
    Found found = co_await std::move(way);
    co_return found;
}

Task<Keeping> keep_entry(App& app, host::Session& session, ProviderState& state, NewEntry entry) {
    const config::ResponseCache& config = app.config.response_cache;
    if (config.store == CacheStore::redis) {
        const Keeping keeping = co_await keep_in_redis(app, session, state, std::move(entry));
        co_return keeping;
    }
    host::CachePut operation = put_of(cache::entry_url(entry.name), config.ttl_s, std::move(entry.text));
    const host::Outcome done = co_await session.perform(std::move(operation));
    co_return done.status == host::Status::ok ? Keeping::kept : Keeping::failed;
}

Task<bool> void_entries(Exchange& exchange, ProviderState& state) {
    App& app = exchange.app;
    const config::ResponseCache& config = app.config.response_cache;
    if (config.store == CacheStore::redis) {
        const Result<std::int64_t> generation = co_await redis_increment(app, exchange.session, generation_key(state));
        if (generation) state.cache.generation = *generation;
        co_return generation.has_value();
    }
    state.cache.cleared_ms = app.now_ms;
    host::CachePut note = put_of(cache::clearing_url(state.provider->id), config.ttl_s, cache::write_entry(app.now_ms, {}, {}));
    const host::Outcome done = co_await exchange.session.perform(std::move(note));
    co_return done.status == host::Status::ok;
}

std::string entry_name(const App& app, const Plan& plan) {
    return cache::entry_name(plan.cache_digest, app.config.response_cache.is_shared ? std::string_view() : std::string_view(plan.token_hash));
}

std::string_view store_name(CacheStore store) { return store == CacheStore::redis ? "redis" : "workers"; }

std::string_view reach_of_clearing(CacheStore store) {
    if (store == CacheStore::redis) return "all kept answers of this provider are void, everywhere and at once";
    return "all kept answers of this provider are void: in this isolate at once, in this location within 30 seconds; other locations keep theirs "
           "until RESPONSE_CACHE_TTL has passed";
}

}  // namespace edgepool::app
