// Client tokens that this isolate has met, by the SHA-256 of the secret that was sent; the secret itself is never kept. A token that was
// rotated has two secrets for a while: two entries, with the one hash under which the token is counted. Also remembers, for a short
// while and within bounds, hashes that the database does not know, and rations the look-ups of tokens never seen before, so that a flood
// of invented tokens stays away from the database.
//
// Invariants
// 1. A hash is either known or unknown, never both.
// 2. Known and unknown entries are bounded by limits.hpp; when full, the oldest go first.
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

    void put(std::string_view secret_hash, Token token, double now_ms);
    void put_unknown(std::string_view hash, double now_ms);

    // The token with this hash, or this secret, has changed in the database: ask again when it comes next.
    void forget(std::string_view hash);

    // True when this hash may be looked up now, which is then under way until end_look_up(). Takes one from the ration: a burst of
    // limits::kTokenLookUpBurst, two more each second. A look-up that finds a token gives it back.
    bool may_look_up(std::string_view hash, double now_ms);
    void end_look_up(std::string_view hash);
    bool is_being_looked_up(std::string_view hash, double now_ms) const;

private:
    struct Known {
        Token token;
        double since_ms = 0;
    };
    std::unordered_map<std::string, Known> known_;
    std::unordered_map<std::string, double> unknown_;  // hash → since
    std::unordered_map<std::string, double> looking_;  // hash → since; bounded by the ration
    double ration_ = limits::kTokenLookUpBurst;
    double rationed_at_ms_ = 0;
};

}  // namespace edgepool::auth
