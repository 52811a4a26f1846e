#include "keys/key_pool.hpp"

#include <algorithm>
#include <cmath>

namespace edgepool::keys {
namespace {

constexpr double kClockToleranceMs = 2'000;  // smaller differences are the network's
constexpr double kLocalTrustMs = 60'000;     // a verdict made here and younger than this may not have reached the database yet
constexpr std::size_t kSpareWakes = 1'024;

bool is_recent_local(const KeySlot& slot, double db_now_ms) { return slot.is_local && db_now_ms - slot.at_ms < kLocalTrustMs; }

// A refusal that others have counted is not counted again for attempts that began here before that was heard.
void take_refusals(KeySlot& slot, int refusals, double heard_ms) {
    if (refusals > slot.refusals) slot.refused_at_ms = heard_ms;
    slot.refusals = refusals;
}

}  // namespace

void KeyPool::follow_clock(double db_now_ms, double now_ms) {
    const double skew_ms = db_now_ms - now_ms;
    if (std::abs(skew_ms - skew_ms_) <= kClockToleranceMs) return;
    skew_ms_ = skew_ms;
    // What was noted by a clock that ran ahead must not outrank what others find out from now on.
    for (KeySlot& slot : slots_) {
        slot.at_ms = std::min(slot.at_ms, db_now_ms);
        slot.refused_at_ms = std::min(slot.refused_at_ms, db_now_ms);
        slot.until_ms = std::min(slot.until_ms, db_now_ms + limits::kLongestBenchMs);
        for (PairBench& pair : slot.pairs) pair.at_ms = std::min(pair.at_ms, db_now_ms);
    }
}

const KeySlot* KeyPool::find(std::string_view id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &slots_[found->second];
}

std::uint32_t KeyPool::add_slot(std::string_view id) {
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t index = free_slots_.back();
    free_slots_.pop_back();
    KeySlot fresh;
    fresh.id = id;
    fresh.generation = slots_[index].generation;
    fresh.bench_version = slots_[index].bench_version;
    fresh.taken = true;
    slots_[index] = std::move(fresh);
    by_id_.emplace(id, index);
    ring_is_stale_ = true;
    return index;
}

void KeyPool::remove_slot(std::uint32_t index) {
    set_phase(index, Phase::open);  // leaves the benches' count
    KeySlot& slot = slots_[index];
    by_id_.erase(by_id_.find(slot.id));
    open_.erase(index);
    half_open_.erase(index);
    slot.taken = false;
    slot.secret.clear();
    slot.pairs.clear();
    ++slot.generation;
    ++slot.bench_version;
    free_slots_.push_back(index);
    ring_is_stale_ = true;
}

void KeyPool::set_phase(std::uint32_t index, Phase phase) {
    KeySlot& slot = slots_[index];
    const auto rests = [](Phase p) { return p == Phase::benched || p == Phase::disabled; };
    if (rests(slot.phase)) --resting_;
    if (rests(phase)) ++resting_;
    slot.phase = phase;
    list_again(index);
}

void KeyPool::list_again(std::uint32_t index) {
    const KeySlot& slot = slots_[index];
    if (slot.taken && slot.phase == Phase::open && slot.in_flight < place_limit(slot)) open_.insert(index);
    else open_.erase(index);
    if (slot.taken && slot.phase == Phase::half_open) half_open_.insert(index);
    else half_open_.erase(index);
}

void KeyPool::push_wake(const Wake& wake) {
    const auto later = [](const Wake& a, const Wake& b) { return a.until_ms > b.until_ms; };
    if (wakes_.size() > 2 * slots_.size() + kSpareWakes) {
        wakes_.erase(std::remove_if(wakes_.begin(), wakes_.end(),
                                    [&](const Wake& old) {
                                        const KeySlot& slot = slots_[old.slot];
                                        return old.bench_version != slot.bench_version && !(old.bench_version == 0 && slot.expires_ms == old.until_ms);
                                    }),
                     wakes_.end());
        std::make_heap(wakes_.begin(), wakes_.end(), later);
    }
    wakes_.push_back(wake);
    std::push_heap(wakes_.begin(), wakes_.end(), later);
}

void KeyPool::wake_keys(double db_now_ms) {
    while (!wakes_.empty() && wakes_.front().until_ms <= db_now_ms) {
        std::pop_heap(wakes_.begin(), wakes_.end(), [](const Wake& a, const Wake& b) { return a.until_ms > b.until_ms; });
        const Wake wake = wakes_.back();
        wakes_.pop_back();
        KeySlot& slot = slots_[wake.slot];
        if (!slot.taken) continue;
        if (wake.bench_version == 0) {
            if (slot.expires_ms && *slot.expires_ms <= db_now_ms) remove_slot(wake.slot);
        } else if (wake.bench_version == slot.bench_version && slot.phase == Phase::benched) {
            set_phase(wake.slot, slot.needs_probe ? Phase::half_open : Phase::open);
        }
    }
}

void KeyPool::bench(std::uint32_t index, double until_ms, std::string_view reason, double db_now_ms) {
    KeySlot& slot = slots_[index];
    slot.until_ms = std::min(until_ms, db_now_ms + limits::kLongestBenchMs);
    slot.reason = reason;
    ++slot.bench_version;
    push_wake({slot.until_ms, index, slot.bench_version});
    set_phase(index, Phase::benched);
}

void KeyPool::set_expiry(std::uint32_t index, std::optional<double> expires_ms) {
    KeySlot& slot = slots_[index];
    if (slot.expires_ms == expires_ms) return;
    slot.expires_ms = expires_ms;
    if (expires_ms) push_wake({*expires_ms, index, 0});
}

std::uint32_t KeyPool::take_row(KeyRow row, double db_now_ms, double heard_ms) {
    const auto found = by_id_.find(row.id);
    const bool is_new = found == by_id_.end();
    const std::uint32_t index = is_new ? add_slot(row.id) : found->second;
    KeySlot& slot = slots_[index];
    slot.secret = std::move(row.secret);
    slot.remaining = row.remaining;
    set_expiry(index, row.expires_ms);
    if (slot.ceiling_at_ms == 0) slot.ceiling = row.ceiling;
    if (is_new) slot.has_failed = row.probation || row.refusals > 0 || row.fails > 0;
    if (!is_new && is_recent_local(slot, db_now_ms)) {
        list_again(index);
        return index;
    }
    slot.is_local = false;
    if (is_new) slot.refusals = row.refusals;
    else take_refusals(slot, row.refusals, heard_ms);
    const bool cools_off = slot.phase == Phase::benched && !slot.needs_probe && slot.until_ms > db_now_ms;  // nobody else knows of it
    if (slot.phase != Phase::probing && !cools_off) {
        slot.reason = row.probation ? std::move(row.reason) : std::string();
        slot.needs_probe = row.probation;
        set_phase(index, row.probation ? Phase::half_open : Phase::open);
    }
    return index;
}

void KeyPool::load(WorkingSet set, double now_ms) {
    follow_clock(set.db_now_ms, now_ms);
    next_in_database_ms_ = set.next_ms;
    const double db_now_ms = set.db_now_ms;
    std::vector<bool> stays(slots_.size() + set.keys.size(), false);
    slots_.reserve(set.keys.size());
    by_id_.reserve(set.keys.size());
    for (KeyRow& row : set.keys) stays[take_row(std::move(row), db_now_ms, database_time(now_ms))] = true;
    for (std::uint32_t index = 0; index < slots_.size(); ++index) {
        KeySlot& slot = slots_[index];
        if (!slot.taken) continue;
        if (!stays[index]) {
            remove_slot(index);
            continue;
        }
        slot.pairs.erase(std::remove_if(slot.pairs.begin(), slot.pairs.end(),
                                        [&](const PairBench& pair) { return db_now_ms - pair.at_ms >= kLocalTrustMs; }),
                         slot.pairs.end());
    }
    for (ModelBench& pair : set.models) {
        const auto found = by_id_.find(pair.id);
        if (found == by_id_.end()) continue;
        KeySlot& slot = slots_[found->second];
        const bool is_known = std::any_of(slot.pairs.begin(), slot.pairs.end(), [&](const PairBench& known) { return known.model == pair.model; });
        if (!is_known) bench_pair(slot, {std::move(pair.model), std::move(pair.reason), pair.until_ms, pair.at_ms}, db_now_ms);
    }
}

void KeyPool::take_change(const KeyChange& change, double db_now_ms, double heard_ms) {
    const auto found = by_id_.find(change.id);
    if (found == by_id_.end()) return;
    const std::uint32_t index = found->second;
    KeySlot& slot = slots_[index];
    const bool is_newer = change.at_ms > slot.at_ms;
    const bool is_withdrawn = !change.usable && change.status != "failed";
    if (is_withdrawn && (is_newer || !is_recent_local(slot, db_now_ms))) {
        remove_slot(index);
        return;
    }
    slot.remaining = change.remaining;
    set_expiry(index, change.expires_ms);
    if (!change.secret.empty()) slot.secret = change.secret;
    if (!is_newer) return;
    slot.at_ms = change.at_ms;
    slot.is_local = false;
    take_refusals(slot, change.refusals, heard_ms);
    slot.ceiling = change.ceiling;
    slot.has_failed = change.status == "failed" || change.refusals > 0;
    if (!change.usable && change.until_ms) {
        slot.needs_probe = true;
        bench(index, *change.until_ms, change.reason, db_now_ms);
    } else if (change.status != "failed") {
        slot.ramp = 0;
        set_phase(index, Phase::open);
    } else if (slot.phase != Phase::probing) {
        slot.needs_probe = true;
        set_phase(index, Phase::half_open);
    }
}

void KeyPool::apply(const Changes& changes, double now_ms) {
    follow_clock(changes.db_now_ms, now_ms);
    next_in_database_ms_ = changes.next_ms;
    for (const std::string& id : changes.gone) {
        const auto found = by_id_.find(id);
        if (found != by_id_.end()) remove_slot(found->second);
    }
    for (const KeyChange& change : changes.keys) take_change(change, changes.db_now_ms, database_time(now_ms));
    for (const ModelBench& pair : changes.models) {
        const auto found = by_id_.find(pair.id);
        if (found != by_id_.end()) bench_pair(slots_[found->second], {pair.model, pair.reason, pair.until_ms, pair.at_ms}, changes.db_now_ms);
    }
}

void KeyPool::hear(const ModelBench& told, double now_ms) {
    const auto found = by_id_.find(told.id);
    const double db_now_ms = database_time(now_ms);
    if (found == by_id_.end() || told.until_ms <= db_now_ms) return;
    KeySlot& slot = slots_[found->second];
    if (!told.model.empty()) {
        bench_pair(slot, {told.model, told.reason, told.until_ms, told.at_ms}, db_now_ms);
        return;
    }
    if (told.at_ms <= slot.at_ms) return;
    slot.at_ms = told.at_ms;
    slot.is_local = false;
    slot.has_failed = true;
    slot.needs_probe = true;
    bench(found->second, told.until_ms, told.reason, db_now_ms);
}

}  // namespace edgepool::keys
