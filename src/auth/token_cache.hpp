// Client tokens that this isolate has met, by the SHA-256 of the secret that was sent; the secret itself is never kept. A token that was
// rotated has two secrets for a while: two entries, with the one hash under which the token is counted. Also remembers, for a short
// while and within bounds, hashes that the database does not know, and rations what is asked of the database: look-ups of tokens never seen
// before, so that a flood of invented ones stays away from it, and renewals of known ones. Both follow the flush window, which is n / 30 s
// with n isolates (store/pacing.hpp), so that all isolates together ask ten times a second for the first and 7.5 times for the second.
//
// Invariants
// 1. A hash is either known or unknown, never both.
// 2. Known and unknown entries are bounded by limits.hpp; when full, the oldest go first.
// 3. No known token is taken for good: it becomes due for renewal, in the background, and serves until then.
// 4. What was asked before a change was heard of, and comes after it, is due at once: it may not hold the change.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/limits.hpp"
#include "limits/token_limits.hpp"

namespace edgepool::auth {

struct Token {
    std::string hash;  // 64 hex digits: of the secret it was made with, whichever was sent
    std::string name;
    bool disabled = false;
    std::optional<double> expires_ms;
    std::shared_ptr<const limits::TokenLimits> bounds;  // null = none
};

class TokenCache {
public:
    enum class State { known, unknown, missing };

    State find(std::string_view hash, double now_ms, const Token*& token) const;

    // What the database has answered to a question of `asked_ms`; due for renewal `keep_ms` from now.
    void put(std::string_view secret_hash, Token token, double asked_ms, double now_ms, double keep_ms);
    void put_unknown(std::string_view hash, double now_ms);

    // The token with this hash, or this secret, has changed in the database: ask again when it comes next.
    void forget(std::string_view hash, double now_ms);

    // Any token may have changed.
    void forget_all(double now_ms);

    // True when this hash may be looked up now, which is then under way until end_look_up(). Takes one from the ration: a burst of
    // limits::kTokenLookUpBurst, fewer where windows are long, and one more every three windows. A look-up that finds a token gives it back.
    bool may_look_up(std::string_view hash, double now_ms, double window_ms);
    void end_look_up(std::string_view hash);
    bool is_being_looked_up(std::string_view hash, double now_ms) const;

    // True when this known token is due and it is this isolate's turn to ask: once every four windows at most. Whoever is told so asks;
    // should nothing come of it, another is told so after limits::kLongestFailurePauseMs.
    bool may_renew(std::string_view hash, double now_ms, double window_ms);

private:
    struct Known {
        Token token;
        double since_ms = 0;
        double due_ms = 0;  // 0 = at once
    };
    std::unordered_map<std::string, Known> known_;
    std::unordered_map<std::string, double> unknown_;  // hash → since
    std::unordered_map<std::string, double> looking_;  // hash → since; bounded by the ration
    double ration_ = limits::kTokenLookUpBurst;
    double rationed_at_ms_ = 0;
    double renewed_at_ms_ = 0;  // when a renewal was last allowed
    double changed_at_ms_ = 0;  // when a change was last heard of
};

}  // namespace edgepool::auth
