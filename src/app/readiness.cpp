#include "app/readiness.hpp"

#include <algorithm>

#include "base/lease.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "json/writer.hpp"
#include "store/calls.hpp"
#include "store/pacing.hpp"

namespace edgepool::app {
namespace {

constexpr double kLoadPauseMs = 1'000;       // after a failure: spares a database in trouble
constexpr double kLoadLeaseMs = 4'000;       // longer than a database in health takes
constexpr std::uint32_t kLookAgainMs = 25;   // for what another flow is loading
constexpr double kRefreshLeaseMs = 20'000;
constexpr double kWholeReloadMs = 300'000;   // the working set is a slice: take a fresh one now and then
constexpr double kRefreshesPerReload = 3;    // where hundreds of isolates share the database
constexpr std::size_t kChangesLimit = 1000;

bool has_passed(double since_ms, double span_ms, double now_ms) { return now_ms < since_ms || now_ms - since_ms >= span_ms; }

void log_failure(App& app, std::string_view event, const ProviderState& state, const Error& error) {
    json::Writer line;
    line.begin_object().add_string("event", event).add_string("provider", state.provider->id).add_string("detail", error.detail).end_object();
    app.log(true, line.take());
}

Error load_failure(const Error& error) {
    Error out = error;
    if (out.retry_after_s == 0) out.retry_after_s = 2;
    return out;
}

bool has_budget(const auth::Token& token) { return token.bounds && token.bounds->has_budget(); }

// What the database has answered to a question of `asked_ms` about a client's secret.
void remember_token(App& app, ProviderState& state, const std::string& secret_hash, std::optional<store::TokenState> known, double asked_ms) {
    if (!known) {
        state.tokens.put_unknown(secret_hash, app.now_ms);
        return;
    }
    if (has_budget(known->token)) state.meters.begin(known->token.hash, known->used, app.now_ms);
    state.tokens.put(secret_hash, std::move(known->token), asked_ms, app.now_ms, store::jittered_ms(limits::kKnownTokenMs, app.random));
}

// Takes a working set and, when a hash is given, that token.
Task<Result<std::monostate>> load(App& app, host::Session& session, ProviderState& state, std::string token_hash) {
    const std::string start = app.next_request_id();
    const double asked_ms = app.now_ms;
    const std::size_t wanted = state.loaded ? limits::kWorkingSetKeys : limits::kFirstWorkingSetKeys;
    const Result<json::Json> answer = co_await call_database(app, session, "pool_take", store::take_arguments(state.provider->id, wanted, start, token_hash));
    Result<store::TakeAnswer> take = answer ? store::decode_take(*answer) : tl::unexpected<Error>(answer.error());
    if (!take) {
        if (take.error().code == ErrorCode::client_gone) co_return tl::unexpected<Error>(take.error());
        state.load_failed_ms = app.now_ms;
        ++state.load_failures;
        state.load_error = load_failure(take.error());
        co_return tl::unexpected<Error>(state.load_error);
    }
    // A working set tells no changes of tokens: it neither puts the next look at changes off nor moves forward where that begins, except
    // for the first one, before which no token is known.
    state.db_since_ms = state.loaded ? std::min(state.db_since_ms, take->next_since_ms) : take->next_since_ms;
    if (!state.loaded) state.refreshed_ms = app.now_ms;
    state.has_small_set = !state.loaded && take->set.usable > static_cast<std::int64_t>(limits::kFirstWorkingSetKeys);
    state.loaded = true;
    state.flush.window_ms = take->hint_ms;
    state.loaded_ms = app.now_ms;
    state.refresh_after_ms = store::jittered_ms(store::refresh_interval_ms(state.flush.window_ms), app.random);
    state.load_failed_ms = 0;
    state.load_failures = 0;
    state.total = take->set.total;
    state.usable = take->set.usable;
    state.pool.load(std::move(take->set), app.now_ms);
    if (!token_hash.empty()) remember_token(app, state, token_hash, std::move(take->token), asked_ms);
    co_return std::monostate{};
}

bool has_just_failed(const ProviderState& state, double now_ms) {
    const double pause_ms = std::min<double>(kLoadPauseMs * (1u << std::min(state.load_failures, 3u)) / 2, limits::kLongestLoadPauseMs);
    return state.load_failed_ms != 0 && !has_passed(state.load_failed_ms, pause_ms, now_ms);
}

// One flow loads; the others look again, each on a timer of its own (none may wait on another's I/O), until it has, or has failed, or has
// left nothing behind for so long that it must be dead. So a cold isolate that meets a crowd asks the database once.
Task<Result<std::monostate>> load_unless_failing(App& app, host::Session& session, ProviderState& state, std::string token_hash) {
    const double loaded_before_ms = state.loaded_ms;
    while (is_leased(state.load_lease_ms, app.now_ms, kLoadLeaseMs)) {
        co_await session.perform(host::Sleep{kLookAgainMs});
        if (state.loaded_ms != loaded_before_ms) co_return std::monostate{};
    }
    if (has_just_failed(state, app.now_ms)) co_return tl::unexpected<Error>(state.load_error);
    state.load_lease_ms = app.now_ms + kLoadLeaseMs;
    Result<std::monostate> loaded = co_await load(app, session, state, std::move(token_hash));
    state.load_lease_ms = 0;
    co_return loaded;
}

// More has changed than could be told, or a key is usable now that the working set lacks and has room for.
bool wants_whole_reload(const ProviderState& state, const store::ChangesAnswer& answer) {
    if (answer.changes.more) return true;
    if (state.pool.size() >= limits::kWorkingSetKeys) return false;
    return std::any_of(answer.changes.keys.begin(), answer.changes.keys.end(),
                       [&](const keys::KeyChange& change) { return change.usable && !state.pool.contains(change.id); });
}

Task<void> refresh(App& app, host::Session& session, ProviderState& state) {
    bool take_whole = has_passed(state.loaded_ms, std::max(kWholeReloadMs, kRefreshesPerReload * state.refresh_after_ms), app.now_ms);
    const Result<json::Json> answer =
        co_await call_database(app, session, "pool_changes", store::changes_arguments(state.provider->id, state.db_since_ms, kChangesLimit));
    const Result<store::ChangesAnswer> changes = answer ? store::decode_changes(*answer) : tl::unexpected<Error>(answer.error());
    if (changes) {
        state.refreshed_ms = app.now_ms;
        state.refresh_after_ms = store::jittered_ms(store::refresh_interval_ms(state.flush.window_ms), app.random);
        state.refresh_failures = 0;
        state.db_since_ms = changes->next_since_ms;
        state.total = changes->changes.total;
        state.usable = changes->changes.usable;
        take_whole = take_whole || state.has_small_set || wants_whole_reload(state, *changes);
        state.pool.apply(changes->changes, app.now_ms);
        if (changes->more_tokens) state.tokens.forget_all(app.now_ms);
        for (const std::string& hash : changes->token_hashes) state.tokens.forget(hash, app.now_ms);
    } else {
        state.load_error = load_failure(changes.error());
        log_failure(app, "refresh_failed", state, changes.error());
    }
    if (changes && take_whole) co_await load(app, session, state, std::string());
    // After a failure the lease stays for a while, longer each time: a database in trouble is not asked by every request, and one that is
    // back not by all isolates at once.
    if (!changes) ++state.refresh_failures;
    const double pause_ms = store::failure_pause_ms(state.flush.window_ms, state.refresh_failures);
    state.refresh_lease_ms = changes ? 0 : app.now_ms + store::jittered_ms(pause_ms, app.random);
}

// Another flow may be looking the same token up: its answer will do.
Task<void> await_look_up(App& app, host::Session& session, const ProviderState& state, const std::string& hash) {
    while (state.tokens.is_being_looked_up(hash, app.now_ms)) co_await session.perform(host::Sleep{kLookAgainMs});
}

// Asks the database about a token and remembers what it says.
Task<Result<std::monostate>> learn_token(App& app, host::Session& session, ProviderState& state, std::string hash) {
    const double asked_ms = app.now_ms;
    const Result<json::Json> answer = co_await call_database(app, session, "pool_token", store::token_arguments(state.provider->id, hash));
    Result<std::optional<store::TokenState>> token = answer ? store::decode_token(*answer) : tl::unexpected<Error>(answer.error());
    if (!token) co_return tl::unexpected<Error>(load_failure(token.error()));
    remember_token(app, state, hash, std::move(*token), asked_ms);
    co_return std::monostate{};
}

// A known token serves while it is renewed, and where that fails.
Task<void> renew_token(App& app, host::Session& session, ProviderState& state, std::string hash) {
    const Result<std::monostate> learnt = co_await learn_token(app, session, state, std::move(hash));
    if (!learnt) log_failure(app, "renewal_failed", state, learnt.error());
}

void renew_when_due(App& app, ProviderState& state, const std::string& hash) {
    if (!state.tokens.may_renew(hash, app.now_ms, state.flush.window_ms)) return;
    app.spawn([&app, &state, hash](host::Session& session) { return renew_token(app, session, state, hash); });
}

Task<Result<std::monostate>> look_token_up(Exchange& exchange, ProviderState& state, std::string hash) {
    App& app = exchange.app;
    if (!state.tokens.may_look_up(hash, app.now_ms, state.flush.window_ms)) {
        Error error{ErrorCode::rate_limited, "too many unknown tokens at the moment; try again", {}, 1};
        co_return tl::unexpected<Error>(std::move(error));
    }
    Result<std::monostate> learnt = co_await learn_token(app, exchange.session, state, hash);
    state.tokens.end_look_up(hash);
    co_return learnt;
}

// A token without a budget's meter is not known well enough; where the database cannot be asked it is counted from nothing until a flush
// tells more.
bool lacks_meter(ProviderState& state, const auth::Token& token) { return has_budget(token) && state.meters.find(token.hash) == nullptr; }

Task<Result<std::monostate>> find_token(Exchange& exchange, ProviderState& state, std::string hash) {
    App& app = exchange.app;
    const auth::Token* known = nullptr;
    co_await await_look_up(app, exchange.session, state, hash);
    const auth::TokenCache::State found = state.tokens.find(hash, app.now_ms, known);
    if (known != nullptr) renew_when_due(app, state, hash);
    if (found != auth::TokenCache::State::missing && (known == nullptr || !lacks_meter(state, *known))) co_return std::monostate{};
    Result<std::monostate> looked_up = co_await look_token_up(exchange, state, hash);
    const bool is_storage_away = !looked_up && looked_up.error().code != ErrorCode::client_gone;
    if (!is_storage_away || state.tokens.find(hash, app.now_ms, known) != auth::TokenCache::State::known) co_return looked_up;
    state.meters.begin(known->hash, {}, app.now_ms);
    co_return std::monostate{};
}

Result<auth::Token> check(const ProviderState& state, const std::string& hash, double now_ms) {
    const auth::Token* token = nullptr;
    if (state.tokens.find(hash, now_ms, token) != auth::TokenCache::State::known) {
        return fail(ErrorCode::invalid_token, "this client token is not valid");
    }
    if (token->disabled) return fail(ErrorCode::disabled_token, "this client token is disabled");
    if (token->expires_ms && *token->expires_ms <= now_ms) return fail(ErrorCode::expired_token, "this client token has expired");
    return *token;
}

}  // namespace

Task<Result<auth::Token>> authenticate(Exchange& exchange, ProviderState& state) {
    const std::string_view credential = bearer_credential(exchange.request.headers);
    if (credential.empty()) {
        co_return fail(ErrorCode::missing_token, "send a client token as \"Authorization: Bearer <token>\" or \"x-api-key: <token>\"");
    }
    if (credential.size() > limits::kMaxTokenBytes) co_return fail(ErrorCode::invalid_token, "this client token is not valid");
    const std::string hash = sha256_hex(credential);

    if (!state.loaded) {
        const Result<std::monostate> loaded = co_await load_unless_failing(exchange.app, exchange.session, state, hash);
        if (!loaded) co_return tl::unexpected<Error>(loaded.error());
    }
    const Result<std::monostate> found = co_await find_token(exchange, state, hash);
    if (!found) co_return tl::unexpected<Error>(found.error());
    co_return check(state, hash, exchange.app.now_ms);
}

Task<Result<std::monostate>> ensure_loaded(Exchange& exchange, ProviderState& state) {
    if (state.loaded) co_return std::monostate{};
    Result<std::monostate> loaded = co_await load_unless_failing(exchange.app, exchange.session, state, std::string());
    co_return loaded;
}

Task<void> reload_when_dry(Exchange& exchange, ProviderState& state) {
    App& app = exchange.app;
    // Longer each time: what returns by itself is known here, and a refresh tells what somebody else has changed.
    if (!has_passed(state.loaded_ms, store::failure_pause_ms(state.flush.window_ms, state.dry_reloads), app.now_ms)) co_return;
    ++state.dry_reloads;
    const Result<std::monostate> loaded = co_await load_unless_failing(app, exchange.session, state, std::string());
    if (!loaded) log_failure(app, "reload_failed", state, loaded.error());
}

void refresh_when_stale(App& app, ProviderState& state) {
    if (!state.loaded || !has_passed(state.refreshed_ms, state.refresh_after_ms, app.now_ms)) return;
    if (is_leased(state.refresh_lease_ms, app.now_ms, limits::kLongestFailurePauseMs)) return;
    state.refresh_lease_ms = app.now_ms + kRefreshLeaseMs;
    app.spawn([&](host::Session& session) { return refresh(app, session, state); });
}

Task<void> reload_now(Exchange& exchange, ProviderState& state) {
    state.loaded_ms = 0;
    state.load_failed_ms = 0;
    co_await reload_when_dry(exchange, state);
}

}  // namespace edgepool::app
