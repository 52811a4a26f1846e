// What the pool can say about itself: why a request got no key, which keys would be tried, how many can serve.
#include <algorithm>
#include <limits>
#include <tuple>

#include "keys/key_pool.hpp"

namespace edgepool::keys {
namespace {

using Kind = KeyPool::Shortage::Kind;

constexpr double kBusyPauseMs = 1'000;  // places come free with the next answer

// The order in which states are listed.
int rank_of(std::string_view state) {
    static constexpr std::string_view kOrder[] = {"ready", "half_open", "busy", "probing", "model_benched", "benched", "disabled"};
    return static_cast<int>(std::find(std::begin(kOrder), std::end(kOrder), state) - std::begin(kOrder));
}

std::optional<double> earlier(std::optional<double> a, std::optional<double> b) {
    if (!a || !b) return a ? a : b;
    return std::min(*a, *b);
}

}  // namespace

std::size_t KeyPool::usable(double now_ms) const {
    const double db_now_ms = database_time(now_ms);
    const auto woken = std::count_if(wakes_.begin(), wakes_.end(), [&](const Wake& wake) {
        const KeySlot& slot = slots_[wake.slot];
        return wake.until_ms <= db_now_ms && wake.bench_version == slot.bench_version && slot.phase == Phase::benched;
    });
    return size() - resting_ + static_cast<std::size_t>(woken);
}

IncidentState KeyPool::incident(double now_ms) const {
    IncidentState state = guard_.state(database_time(now_ms));
    if (!state.active) return state;
    state.since_ms = caller_time(state.since_ms);
    state.next_probe_ms = caller_time(state.next_probe_ms);
    return state;
}

KeyPool::Shortage KeyPool::why_none(const Request& request, double now_ms) const {
    const double db_now_ms = database_time(now_ms);
    if (size() == 0) return {Kind::empty, next_in_database_ms_ ? std::optional<double>(caller_time(*next_in_database_ms_)) : std::nullopt};
    if (const IncidentState held = guard_.blocking(request.model, db_now_ms); held.active) return {Kind::incident, caller_time(held.next_probe_ms)};

    bool any_busy = false;
    bool any_tried = false;
    bool any_pair = false;
    std::optional<double> pair_ends_ms;
    std::optional<double> bench_ends_ms = next_in_database_ms_ && *next_in_database_ms_ > db_now_ms ? next_in_database_ms_ : std::nullopt;
    for (const KeySlot& slot : slots_) {
        if (!slot.taken || slot.phase == Phase::disabled) continue;
        if (slot.phase == Phase::benched) {
            bench_ends_ms = earlier(bench_ends_ms, slot.until_ms);
            continue;
        }
        const PairBench* pair = slot.pairs.empty() ? nullptr : bench_for(slot, request.model, db_now_ms);
        if (request.tried != nullptr && std::find(request.tried->begin(), request.tried->end(), slot.id) != request.tried->end()) {
            any_tried = true;
        } else if (pair != nullptr) {
            any_pair = true;
            pair_ends_ms = earlier(pair_ends_ms, pair->until_ms);
        } else {
            any_busy = true;
        }
    }
    const auto for_caller = [&](std::optional<double> db_ms) { return db_ms ? std::optional<double>(caller_time(*db_ms)) : std::nullopt; };
    if (any_busy) return {Kind::all_busy, now_ms + kBusyPauseMs};
    if (any_pair) return {Kind::model_benched, for_caller(earlier(pair_ends_ms, bench_ends_ms))};
    if (any_tried) return {Kind::all_tried, for_caller(bench_ends_ms)};
    return {Kind::all_benched, for_caller(bench_ends_ms)};
}

KeyPool::Explained KeyPool::explain_slot(const KeySlot& slot, std::string_view model, double db_now_ms) const {
    Explained row;
    row.id = slot.id;
    row.weight = health(slot, db_now_ms);
    row.in_flight = slot.in_flight;
    row.ceiling = slot.ceiling;
    row.remaining = slot.remaining;
    row.failure_rate = slot.failure_rate;
    row.latency_ms = slot.latency_ms;
    row.refusals = slot.refusals;
    const bool bench_is_over = slot.phase == Phase::benched && slot.until_ms <= db_now_ms;
    const PairBench* pair = bench_for(slot, model, db_now_ms);
    if (slot.phase == Phase::disabled) {
        row.state = "disabled";
        row.reason = slot.reason;
    } else if (slot.phase == Phase::benched && !bench_is_over) {
        row.state = "benched";
        row.reason = slot.reason;
        row.until_ms = caller_time(slot.until_ms);
    } else if (pair != nullptr) {
        row.state = "model_benched";
        row.reason = pair->reason;
        row.until_ms = caller_time(pair->until_ms);
    } else if (slot.phase == Phase::open || (bench_is_over && !slot.needs_probe)) {
        row.state = slot.in_flight < place_limit(slot) ? "ready" : "busy";
    } else {
        row.state = slot.phase == Phase::probing ? "probing" : "half_open";
        row.reason = slot.reason;
    }
    return row;
}

std::vector<KeyPool::Explained> KeyPool::explain(std::string_view model, double now_ms, std::size_t limit) const {
    std::vector<Explained> rows;
    rows.reserve(size());
    for (const KeySlot& slot : slots_) {
        if (slot.taken) rows.push_back(explain_slot(slot, model, database_time(now_ms)));
    }
    const auto before = [](const Explained& a, const Explained& b) {
        const auto order = [](const Explained& row) {
            const double load = 1.0 + row.in_flight;
            return std::tuple(rank_of(row.state), row.until_ms.value_or(0), -row.weight / (load * load), std::string_view(row.id));
        };
        return order(a) < order(b);
    };
    const std::size_t shown = std::min(limit, rows.size());
    std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(shown), rows.end(), before);
    rows.resize(shown);
    return rows;
}

}  // namespace edgepool::keys
