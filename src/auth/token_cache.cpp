#include "auth/token_cache.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace edgepool::auth {
namespace {

constexpr double kRationBurst = 50;
constexpr double kRationPerMs = 0.020;

// Makes room for one more entry: drops the older half when the map is full.
template <class Map, class Age>
void make_room(Map& map, std::size_t most, Age since) {
    if (map.size() < most) return;
    double oldest = since(map.begin()->second), newest = oldest;
    for (const auto& entry : map) {
        oldest = std::min(oldest, since(entry.second));
        newest = std::max(newest, since(entry.second));
    }
    const double middle = oldest + (newest - oldest) / 2;
    std::size_t to_drop = map.size() / 2 + 1;
    for (auto at = map.begin(); at != map.end() && to_drop > 0;) {
        if (since(at->second) <= middle) {
            at = map.erase(at);
            --to_drop;
        } else {
            ++at;
        }
    }
}

}  // namespace

TokenCache::State TokenCache::find(std::string_view hash, double now_ms, const Token*& token) const {
    const std::string key(hash);
    if (const auto known = known_.find(key); known != known_.end()) {
        token = &known->second.token;
        return State::known;
    }
    const auto unknown = unknown_.find(key);
    const bool fresh = unknown != unknown_.end() && now_ms - unknown->second < limits::kUnknownTokenMs && now_ms >= unknown->second;
    return fresh ? State::unknown : State::missing;
}

void TokenCache::put(Token token, double now_ms) {
    unknown_.erase(token.hash);
    make_room(known_, limits::kTokenCacheEntries, [](const Known& entry) { return entry.since_ms; });
    const std::string hash = token.hash;
    known_.insert_or_assign(hash, Known{std::move(token), now_ms});
}

void TokenCache::put_unknown(std::string_view hash, double now_ms) {
    known_.erase(std::string(hash));
    make_room(unknown_, limits::kUnknownTokenEntries, [](double since_ms) { return since_ms; });
    unknown_.insert_or_assign(std::string(hash), now_ms);
}

void TokenCache::forget(std::string_view hash) {
    known_.erase(std::string(hash));
    unknown_.erase(std::string(hash));
}

bool TokenCache::may_look_up(double now_ms) {
    const double passed_ms = std::max(0.0, now_ms - rationed_at_ms_);
    ration_ = std::min(kRationBurst, ration_ + passed_ms * kRationPerMs);
    rationed_at_ms_ = now_ms;
    if (ration_ < 1) return false;
    ration_ -= 1;
    return true;
}

}  // namespace edgepool::auth
