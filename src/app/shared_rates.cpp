#include "app/shared_rates.hpp"

#include "app/redis.hpp"

namespace edgepool::app {
namespace {

using redis::Command;
using redis::Reply;

std::string slot_key(std::string_view key, std::int64_t slot) { return redis_key("rate:").append(key).append(":").append(std::to_string(slot)); }

std::string life_ms(double window_ms) { return std::to_string(static_cast<std::int64_t>(window_ms + 2 * limits::slot_ms(window_ms))); }

void add_charge(std::vector<Command>& commands, const std::string& key, double window_ms, std::int64_t amount) {
    commands.push_back({"INCRBY", key, std::to_string(amount)});
    commands.push_back({"PEXPIRE", key, life_ms(window_ms)});
}

// nullopt when it is not what MGET answers.
std::optional<limits::SlotCounts> counts_of(const Reply& reply) {
    limits::SlotCounts counts{};
    if (reply.items.size() != counts.size()) return std::nullopt;
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = redis::number_of(reply.items[i]).value_or(0);
    return counts;
}

}  // namespace

Task<std::optional<std::vector<limits::SlotCounts>>> charge_shared(App& app, host::Session& session, std::vector<limits::RateRule> rules) {
    std::vector<Command> commands;
    for (const limits::RateRule& rule : rules) {
        const std::int64_t slot = limits::slot_at(app.now_ms, rule.window_ms);
        Command look = {"MGET"};
        for (std::size_t i = 0; i < limits::kSlotsOfAWindow; ++i) look.push_back(slot_key(rule.key, slot - static_cast<std::int64_t>(limits::kSlotsOfAWindow - 1 - i)));
        if (rule.charge != 0) add_charge(commands, look.back(), rule.window_ms, rule.charge);
        commands.push_back(std::move(look));
    }
    const Result<std::vector<Reply>> replies = co_await redis_exchange(app, session, std::move(commands));
    if (!replies || redis_has_refused(app, *replies)) co_return std::nullopt;
    std::vector<limits::SlotCounts> shared;
    std::size_t at = 0;
    for (const limits::RateRule& rule : rules) {
        if (rule.charge != 0) at += 2;
        std::optional<limits::SlotCounts> counts = counts_of((*replies)[at++]);
        if (!counts) co_return std::nullopt;
        counts->back() -= rule.charge;
        shared.push_back(*counts);
    }
    co_return shared;
}

void charge_shared_later(App& app, std::string_view key, double window_ms, std::int64_t amount) {
    if (amount == 0) return;
    const std::string named = slot_key(key, limits::slot_at(app.now_ms, window_ms));
    redis_later(app, {"INCRBY", named, std::to_string(amount)});
    redis_later(app, {"PEXPIRE", named, life_ms(window_ms)});
}

}  // namespace edgepool::app
