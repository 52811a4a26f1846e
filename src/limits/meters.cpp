#include "limits/meters.hpp"

#include <utility>

#include "base/limits.hpp"
#include "base/make_room.hpp"

namespace edgepool::limits {

Meter* Meters::find(std::string_view token_hash) {
    const auto found = meters_.find(token_hash);
    return found == meters_.end() ? nullptr : &found->second;
}

void Meters::begin(const std::string& token_hash, const Used& used, double now_ms) {
    if (find(token_hash) != nullptr) return;
    make_room(meters_, kTokenCacheEntries, [](const Meter& each) { return each.touched_ms; });
    Meter& meter = meters_[token_hash];
    meter.touched_ms = now_ms;
    meter.ledger.take(used, now_ms);
}

void Meters::take(std::string_view token_hash, const Used& used, double now_ms) {
    Meter* meter = find(token_hash);
    if (meter != nullptr) meter->ledger.take(used, now_ms);
}

void Meters::count(std::string_view token_hash, const Spent& spent, double now_ms) {
    Meter* meter = find(token_hash);
    if (meter == nullptr) return;
    meter->ledger.count(spent, now_ms);
    meter->touched_ms = now_ms;
}

void Meters::acknowledge(std::string_view token_hash, const Spent& spent, double now_ms) {
    Meter* meter = find(token_hash);
    if (meter != nullptr) meter->ledger.acknowledge(spent, now_ms);
}

void UnderWay::begin(Meters& meters, std::string token_hash) {
    Meter* meter = meters.find(token_hash);
    if (meter == nullptr || meters_ != nullptr) return;
    ++meter->under_way;
    meters_ = &meters;
    token_hash_ = std::move(token_hash);
}

UnderWay::~UnderWay() {
    Meter* meter = meters_ == nullptr ? nullptr : meters_->find(token_hash_);
    if (meter != nullptr && meter->under_way > 0) --meter->under_way;
}

RateTable::Entry& RateTable::entry(const std::string& key, double window_ms, double now_ms) {
    auto found = entries_.find(key);
    if (found == entries_.end()) {
        make_room(entries_, kRateEntries, [](const Entry& each) { return each.touched_ms; });
        found = entries_.emplace(key, Entry(window_ms)).first;
    } else if (found->second.window.window_ms() != window_ms) {
        found->second = Entry(window_ms);
    }
    found->second.touched_ms = now_ms;
    return found->second;
}

SlotCounts RateTable::counts(std::string_view key, double now_ms) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? SlotCounts{} : found->second.window.counts(now_ms);
}

void RateTable::add(const std::string& key, double window_ms, double now_ms, std::int64_t amount) {
    entry(key, window_ms, now_ms).window.add(now_ms, amount);
}

bool RateTable::add_if_known(std::string_view key, double now_ms, std::int64_t amount) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return false;
    found->second.window.add(now_ms, amount);
    return true;
}

void RateTable::shut(const std::string& key, double window_ms, double now_ms, double until_ms) {
    entry(key, window_ms, now_ms).shut_until_ms = until_ms;
}

double RateTable::shut_until_ms(std::string_view key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? 0 : found->second.shut_until_ms;
}

}  // namespace edgepool::limits
