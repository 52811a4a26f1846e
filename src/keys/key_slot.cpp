#include "keys/key_slot.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/limits.hpp"

namespace edgepool::keys {
namespace {

constexpr double kFailureHalfLifeMs = 60'000;
constexpr double kFailureShare = 0.3;  // how much one attempt moves the average
constexpr double kLatencyShare = 0.2;
constexpr double kLeastHealth = 0.05;

double faded_failure_rate(const KeySlot& slot, double now_ms) {
    const double age_ms = std::max(0.0, now_ms - slot.failure_at_ms);
    return slot.failure_rate * std::exp2(-age_ms / kFailureHalfLifeMs);
}

bool covers(std::string_view pattern, std::string_view model) {
    if (pattern.empty() || pattern.front() != '*') return pattern == model;
    const std::string_view suffix = pattern.substr(1);
    return model.size() >= suffix.size() && model.substr(model.size() - suffix.size()) == suffix;
}

}  // namespace

int place_limit(const KeySlot& slot) {
    int limit = slot.ceiling ? std::max(1, *slot.ceiling) : std::numeric_limits<int>::max();
    if (slot.ramp > 0) limit = std::min(limit, slot.ramp);
    return limit;
}

double health(const KeySlot& slot, double now_ms) {
    const double quota = slot.remaining ? std::clamp(*slot.remaining, 0.0, 1.0) : 1.0;
    const double reliability = 1.0 - faded_failure_rate(slot, now_ms);
    return std::max(kLeastHealth, quota * reliability);
}

const PairBench* bench_for(const KeySlot& slot, std::string_view model, double now_ms) {
    const PairBench* longest = nullptr;
    for (const PairBench& pair : slot.pairs) {
        const bool lasts = pair.until_ms > now_ms && pair.until_ms <= now_ms + limits::kLongestBenchMs;
        if (lasts && covers(pair.model, model) && (longest == nullptr || pair.until_ms > longest->until_ms)) longest = &pair;
    }
    return longest;
}

void bench_pair(KeySlot& slot, PairBench bench, double now_ms) {
    bench.until_ms = std::min(bench.until_ms, now_ms + limits::kLongestBenchMs);
    const auto same = std::find_if(slot.pairs.begin(), slot.pairs.end(), [&](const PairBench& pair) { return pair.model == bench.model; });
    if (same != slot.pairs.end()) {
        if (bench.at_ms > same->at_ms) *same = std::move(bench);
        return;
    }
    slot.pairs.erase(std::remove_if(slot.pairs.begin(), slot.pairs.end(), [&](const PairBench& pair) { return pair.until_ms <= now_ms; }),
                     slot.pairs.end());
    if (slot.pairs.size() >= KeySlot::kMostPairs) {
        slot.pairs.erase(std::min_element(slot.pairs.begin(), slot.pairs.end(),
                                          [](const PairBench& a, const PairBench& b) { return a.until_ms < b.until_ms; }));
    }
    slot.pairs.push_back(std::move(bench));
}

void note_result(KeySlot& slot, bool succeeded, double latency_ms, double now_ms) {
    slot.failure_rate = faded_failure_rate(slot, now_ms) * (1 - kFailureShare) + (succeeded ? 0 : kFailureShare);
    slot.failure_at_ms = now_ms;
    if (!succeeded) return;
    slot.succeeded_at_ms = now_ms;
    slot.latency_ms = slot.latency_ms == 0 ? latency_ms : slot.latency_ms + kLatencyShare * (latency_ms - slot.latency_ms);
}

bool lower_ceiling(KeySlot& slot, int in_flight, double now_ms) {
    const int held = std::max(1, in_flight - 1);
    slot.ceiling_at_ms = now_ms;
    if (slot.ceiling && *slot.ceiling <= held) return false;
    slot.ceiling = held;
    return true;
}

bool relax_ceiling(KeySlot& slot, double now_ms) {
    if (!slot.ceiling) return false;
    if (now_ms < slot.ceiling_at_ms) slot.ceiling_at_ms = now_ms;
    if (now_ms - slot.ceiling_at_ms < KeySlot::kCeilingRestMs) return false;
    slot.ceiling = *slot.ceiling + std::max(1, *slot.ceiling / 4);
    slot.ceiling_at_ms = now_ms;
    if (*slot.ceiling < KeySlot::kCeilingForgotten) return false;
    slot.ceiling.reset();
    return true;
}

}  // namespace edgepool::keys
