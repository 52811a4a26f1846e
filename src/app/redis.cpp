#include "app/redis.hpp"

#include <algorithm>
#include <utility>

#include "app/exchange.hpp"
#include "base/text.hpp"

namespace edgepool::app {
namespace {

using redis::Command;
using redis::Reply;
using redis::Transport;

constexpr std::size_t kMostLater = 1000;
constexpr double kLaterLeaseMs = 5'000;

tl::unexpected<Error> unavailable(std::string detail) { return fail(ErrorCode::storage_unavailable, std::move(detail)); }

// A change is logged once.
void note(App& app, bool is_reachable, const std::string& detail) {
    RedisHealth& health = app.redis;
    if (health.is_reachable != is_reachable && (health.is_reachable || !is_reachable)) {
        json::Writer line;
        line.begin_object().add_string("event", is_reachable ? "redis_back" : "redis_lost").add_string("detail", detail).end_object();
        app.log(!is_reachable, line.take());
    }
    health.is_reachable = is_reachable;
    health.shut_until_ms = is_reachable ? 0 : app.now_ms + limits::kRedisPauseMs;
}

tl::unexpected<Error> lost(App& app, std::string detail) {
    note(app, false, detail);
    return unavailable(std::move(detail));
}

tl::unexpected<Error> not_performed(App& app, host::Status status) {
    if (status == host::Status::client_gone) return fail(ErrorCode::client_gone, "the client has left");
    return lost(app, status == host::Status::timeout ? "Redis did not answer in time" : "Redis cannot be reached");
}

const Reply* error_in(const std::vector<Reply>& replies) {
    const auto found = std::find_if(replies.begin(), replies.end(), [](const Reply& reply) { return reply.kind == Reply::Kind::error; });
    return found == replies.end() ? nullptr : &*found;
}

// What comes before the commands on a connection.
std::vector<Command> greeting(const redis::Server& server) {
    std::vector<Command> commands;
    if (!server.password.empty() && !server.user.empty()) commands.push_back({"AUTH", server.user, server.password});
    else if (!server.password.empty()) commands.push_back({"AUTH", server.password});
    if (server.database != 0) commands.push_back({"SELECT", std::to_string(server.database)});
    return commands;
}

Task<Result<std::vector<Reply>>> over_socket(App& app, host::Session& session, std::vector<Command> commands) {
    const redis::Server& server = *app.config.redis;
    std::vector<Command> all = greeting(server);
    const std::size_t greetings = all.size(), count = commands.size();
    for (Command& command : commands) all.push_back(std::move(command));
    all.push_back({"QUIT"});  // the answer is read to its end
    host::SocketExchange exchange;
    exchange.host = server.host;
    exchange.port = server.port;
    exchange.is_encrypted = server.transport == Transport::tls_socket;
    exchange.bytes = redis::encode(all);
    exchange.max_bytes = limits::kMaxRedisAnswerBytes;
    exchange.timeout_ms = limits::kRedisTimeoutMs;
    const host::Outcome outcome = co_await session.perform(std::move(exchange));
    if (outcome.status != host::Status::ok) co_return not_performed(app, outcome.status);
    std::optional<std::vector<Reply>> replies = redis::parse_replies(outcome.data);
    if (!replies) co_return lost(app, "Redis' answer was cut short");
    for (std::size_t i = 0; i < greetings && i < replies->size(); ++i) {
        if ((*replies)[i].kind == Reply::Kind::error) co_return lost(app, "Redis refuses the credentials or the database of REDIS_URL");
    }
    if (replies->size() != greetings + count + 1) co_return lost(app, "Redis' answer was cut short");
    replies->erase(replies->begin(), replies->begin() + static_cast<std::ptrdiff_t>(greetings));
    replies->pop_back();
    co_return std::move(*replies);
}

Task<Result<std::vector<Reply>>> over_rest(App& app, host::Session& session, std::vector<Command> commands) {
    const redis::Server& server = *app.config.redis;
    host::Fetch fetch;
    fetch.method = "POST";
    fetch.url = server.rest_url + "/pipeline";
    fetch.headers = {{"authorization", "Bearer " + server.password}, {"content-type", "application/json"}};
    fetch.body_kind = host::BodyKind::bytes;
    fetch.body = redis::encode_rest(commands);
    fetch.timeout_ms = limits::kRedisTimeoutMs;
    const host::Outcome sent = co_await session.perform(std::move(fetch));
    if (sent.status != host::Status::ok) co_return not_performed(app, sent.status);
    const host::Outcome read = co_await session.perform(host::ReadBody{sent.handle, limits::kMaxRedisAnswerBytes, limits::kRedisTimeoutMs});
    if (read.status != host::Status::ok) {
        co_await session.perform(host::CancelBody{sent.handle});
        co_return not_performed(app, read.status);
    }
    const std::optional<json::Json> body = json::parse(read.data);
    std::optional<std::vector<Reply>> replies;
    if (sent.number == 200 && body) replies = redis::read_rest_replies(*body);
    if (!replies || replies->size() != commands.size()) co_return lost(app, "Redis' REST interface answered HTTP " + std::to_string(sent.number));
    co_return std::move(*replies);
}

Task<void> send_later(App& app, host::Session& session) {
    while (!app.redis_outbox.empty() && redis_usable(app)) {
        app.redis_outbox_until_ms = app.now_ms + kLaterLeaseMs;
        std::vector<Command> commands = std::exchange(app.redis_outbox, {});
        const Result<std::vector<Reply>> replies = co_await redis_exchange(app, session, std::move(commands));
        if (!replies || redis_has_refused(app, *replies)) break;
    }
    app.redis_outbox_until_ms = 0;
}

}  // namespace

std::string redis_key(std::string_view key) { return std::string("edgepool:").append(key); }

bool redis_usable(const App& app) {
    if (!app.config.redis) return false;
    const double shut_ms = app.redis.shut_until_ms - app.now_ms;
    return shut_ms <= 0 || shut_ms > limits::kRedisPauseMs;
}

Task<Result<std::vector<Reply>>> redis_exchange(App& app, host::Session& session, std::vector<Command> commands) {
    if (!redis_usable(app)) co_return unavailable("Redis is not there");
    const bool is_rest = app.config.redis->transport == Transport::rest;
    Task<Result<std::vector<Reply>>> way = is_rest ? over_rest(app, session, std::move(commands)) : over_socket(app, session, std::move(commands));
    Result<std::vector<Reply>> replies = co_await std::move(way);
    if (replies && error_in(*replies) == nullptr) note(app, true, "Redis answers again");
    co_return replies;
}

bool redis_has_refused(App& app, const std::vector<Reply>& replies) {
    const Reply* error = error_in(replies);
    if (error == nullptr) return false;
    // The first word says which error it is; what follows may name users and keys.
    note(app, false, "Redis refuses a command: " + error->text.substr(0, error->text.find(' ')));
    return true;
}

Task<Result<std::int64_t>> redis_increment(App& app, host::Session& session, std::string key) {
    std::vector<Command> commands = {{"INCR", redis_key(key)}};
    const Result<std::vector<Reply>> replies = co_await redis_exchange(app, session, std::move(commands));
    if (!replies) co_return tl::unexpected<Error>(replies.error());
    const Reply& reply = replies->front();
    if (reply.kind == Reply::Kind::error) co_return unavailable("Redis: " + reply.text);
    co_return reply.number;
}

void redis_later(App& app, Command command) {
    if (!redis_usable(app) || app.redis_outbox.size() >= kMostLater) return;
    app.redis_outbox.push_back(std::move(command));
    const double lease_ms = app.redis_outbox_until_ms - app.now_ms;
    if (lease_ms > 0 && lease_ms <= kLaterLeaseMs) return;
    app.redis_outbox_until_ms = app.now_ms + kLaterLeaseMs;
    app.spawn([&app](host::Session& session) { return send_later(app, session); });
}

void write_redis(json::Writer& out, const App& app) {
    out.key("redis").begin_object().add_boolean("configured", app.config.redis.has_value());
    if (app.redis.is_reachable) out.add_boolean("reachable", *app.redis.is_reachable);
    else out.add_null("reachable");
    out.end_object();
}

}  // namespace edgepool::app
