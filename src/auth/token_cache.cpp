#include "auth/token_cache.hpp"

#include <algorithm>
#include <iterator>

#include "base/limits.hpp"
#include "base/make_room.hpp"

namespace edgepool::auth {
namespace {

constexpr double kRationBurst = 50;
constexpr double kRationPerMs = 0.020;

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

void TokenCache::put(std::string_view secret_hash, Token token, double now_ms) {
    const std::string hash(secret_hash);
    unknown_.erase(hash);
    make_room(known_, limits::kTokenCacheEntries, [](const Known& entry) { return entry.since_ms; });
    known_.insert_or_assign(hash, Known{std::move(token), now_ms});
}

void TokenCache::put_unknown(std::string_view hash, double now_ms) {
    known_.erase(std::string(hash));
    make_room(unknown_, limits::kUnknownTokenEntries, [](double since_ms) { return since_ms; });
    unknown_.insert_or_assign(std::string(hash), now_ms);
}

void TokenCache::forget(std::string_view hash) {
    for (auto at = known_.begin(); at != known_.end();) {
        at = at->first == hash || at->second.token.hash == hash ? known_.erase(at) : std::next(at);
    }
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
