// Redis, when REDIS_URL names one: a faster memory that isolates share. Never the truth and never waited for long: what takes more than
// limits::kRedisTimeoutMs has failed, and after a failure nobody asks for limits::kRedisPauseMs. Whoever calls goes on without it.
// Keys are written without the prefix "edgepool:", which is put before every one of them here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/app.hpp"
#include "json/writer.hpp"
#include "redis/resp.hpp"

namespace edgepool::app {

// Configured, and not just after a failure.
bool redis_usable(const App& app);

// Several commands in one round trip, a reply for each (which may be an error of that command). Errors: storage_unavailable when there is
// no Redis, when it cannot be reached, is too slow or refuses the password; client_gone, which says nothing about Redis.
Task<Result<std::vector<redis::Reply>>> redis_exchange(App& app, host::Session& session, std::vector<redis::Command> commands);

// True when one of these replies is an error (-NOAUTH, -OOM, -READONLY ...): then Redis counts as lost, as if it had not answered.
bool redis_has_refused(App& app, const std::vector<redis::Reply>& replies);

// Counts up by one and gives the new number: a generation that is part of other keys lets all of them be forgotten at once.
Task<Result<std::int64_t>> redis_increment(App& app, host::Session& session, std::string key);

// A command that nobody waits for: sent soon in the background with others, or lost when Redis is not there.
void redis_later(App& app, redis::Command command);

std::string redis_key(std::string_view key);

// Writes "redis": {configured, reachable: true, false or null when it was not asked yet}.
void write_redis(json::Writer& out, const App& app);

}  // namespace edgepool::app
