#include "auth/token_cache.hpp"

#include <algorithm>
#include <iterator>

#include "base/limits.hpp"
#include "base/make_room.hpp"

namespace edgepool::auth {
namespace {

constexpr double kWindowsPerLookUp = 3;   // 30 windows a second of all isolates together: 10 look-ups of unknown tokens
constexpr double kWindowsPerRenewal = 4;  // and 7.5 renewals
constexpr double kLookUpLeaseMs = 4'000;  // whoever looks for longer is taken for dead

double burst_of(double window_ms) {
    return std::max(limits::kLeastTokenLookUpBurst, limits::kTokenLookUpBurst * limits::kFlushWindowMs / window_ms);
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

void TokenCache::put(std::string_view secret_hash, Token token, double asked_ms, double now_ms, double keep_ms) {
    const std::string hash(secret_hash);
    unknown_.erase(hash);
    ration_ = std::min(limits::kTokenLookUpBurst, ration_ + 1);
    make_room(known_, limits::kTokenCacheEntries, [](const Known& entry) { return entry.since_ms; });
    known_.insert_or_assign(hash, Known{std::move(token), now_ms, asked_ms > changed_at_ms_ ? now_ms + keep_ms : 0});
}

void TokenCache::put_unknown(std::string_view hash, double now_ms) {
    known_.erase(std::string(hash));
    make_room(unknown_, limits::kUnknownTokenEntries, [](double since_ms) { return since_ms; });
    unknown_.insert_or_assign(std::string(hash), now_ms);
}

void TokenCache::forget(std::string_view hash, double now_ms) {
    changed_at_ms_ = now_ms;
    for (auto at = known_.begin(); at != known_.end();) {
        at = at->first == hash || at->second.token.hash == hash ? known_.erase(at) : std::next(at);
    }
    unknown_.erase(std::string(hash));
}

void TokenCache::forget_all(double now_ms) {
    changed_at_ms_ = now_ms;
    known_.clear();
    unknown_.clear();
}

bool TokenCache::may_look_up(std::string_view hash, double now_ms, double window_ms) {
    const double passed_ms = std::max(0.0, now_ms - rationed_at_ms_);
    ration_ = std::min(burst_of(window_ms), ration_ + passed_ms / (kWindowsPerLookUp * window_ms));
    rationed_at_ms_ = now_ms;
    if (ration_ < 1) return false;
    ration_ -= 1;
    make_room(looking_, limits::kUnknownTokenEntries, [](double since_ms) { return since_ms; });
    looking_.insert_or_assign(std::string(hash), now_ms);
    return true;
}

void TokenCache::end_look_up(std::string_view hash) { looking_.erase(std::string(hash)); }

bool TokenCache::is_being_looked_up(std::string_view hash, double now_ms) const {
    const auto found = looking_.find(std::string(hash));
    return found != looking_.end() && now_ms >= found->second && now_ms - found->second < kLookUpLeaseMs;
}

bool TokenCache::may_renew(std::string_view hash, double now_ms, double window_ms) {
    const auto found = known_.find(std::string(hash));
    if (found == known_.end()) return false;
    Known& known = found->second;
    const bool is_due = now_ms >= known.due_ms || now_ms < known.since_ms;  // or the clock was set back
    const bool is_our_turn = known.due_ms == 0 || now_ms < renewed_at_ms_ || now_ms - renewed_at_ms_ >= kWindowsPerRenewal * window_ms;
    if (!is_due || !is_our_turn) return false;
    renewed_at_ms_ = known.since_ms = now_ms;
    known.due_ms = now_ms + limits::kLongestFailurePauseMs;
    return true;
}

}  // namespace edgepool::auth
