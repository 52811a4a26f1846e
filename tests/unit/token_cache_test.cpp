#include "auth/token_cache.hpp"

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using auth::Token;
using auth::TokenCache;
using State = auth::TokenCache::State;

namespace {

constexpr double kStartMs = 1.8e12;

Token token_of(const std::string& hash) {
    Token token;
    token.hash = hash;
    token.name = "name of " + hash;
    return token;
}

State look(const TokenCache& cache, const std::string& hash, double now_ms = kStartMs) {
    const Token* token = nullptr;
    const State state = cache.find(hash, now_ms, token);
    CHECK((token != nullptr) == (state == State::known));
    return state;
}

}  // namespace

TEST_CASE("a token is missing, then known or unknown, never both") {
    TokenCache cache;
    CHECK(look(cache, "a") == State::missing);
    cache.put_unknown("a", kStartMs);
    CHECK(look(cache, "a") == State::unknown);
    cache.put("a", token_of("a"), kStartMs);
    CHECK(look(cache, "a") == State::known);
    cache.put_unknown("a", kStartMs);
    CHECK(look(cache, "a") == State::unknown);
    cache.forget("a");
    CHECK(look(cache, "a") == State::missing);
}

TEST_CASE("that a token is unknown is believed for a while only, and not when the clock was set back") {
    TokenCache cache;
    cache.put_unknown("a", kStartMs);
    CHECK(look(cache, "a", kStartMs + limits::kUnknownTokenMs - 1) == State::unknown);
    CHECK(look(cache, "a", kStartMs + limits::kUnknownTokenMs) == State::missing);
    CHECK(look(cache, "a", kStartMs - 1) == State::missing);
}

TEST_CASE("known tokens are kept up to the bound; one past it the oldest go and the newest stay") {
    TokenCache cache;
    const auto name = [](std::size_t i) { return "t" + std::to_string(i); };
    for (std::size_t i = 0; i < limits::kTokenCacheEntries; ++i) cache.put(name(i), token_of(name(i)), kStartMs + static_cast<double>(i));
    for (std::size_t i = 0; i < limits::kTokenCacheEntries; ++i) REQUIRE(look(cache, name(i)) == State::known);
    cache.put("one more", token_of("one more"), kStartMs + 1e6);
    CHECK(look(cache, "one more") == State::known);
    CHECK(look(cache, name(0)) == State::missing);
    CHECK(look(cache, name(limits::kTokenCacheEntries - 1)) == State::known);
}

TEST_CASE("unknown tokens are kept up to their bound, even when all came in the same moment") {
    TokenCache cache;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < 10 * limits::kUnknownTokenEntries; ++i) cache.put_unknown("u" + std::to_string(i), kStartMs);
    for (std::size_t i = 0; i < 10 * limits::kUnknownTokenEntries; ++i) kept += look(cache, "u" + std::to_string(i)) == State::unknown ? 1 : 0;
    CHECK(kept <= limits::kUnknownTokenEntries);
    CHECK(kept > 0);
    CHECK(look(cache, "u" + std::to_string(10 * limits::kUnknownTokenEntries - 1)) == State::unknown);
}

namespace {

int look_ups_granted(TokenCache& cache, double now_ms) {
    int granted = 0;
    while (granted < 1'000 && cache.may_look_up("t" + std::to_string(granted), now_ms)) ++granted;
    return granted;
}

}  // namespace

TEST_CASE("look-ups of tokens never seen come in a burst of fifty, then two a second") {
    TokenCache cache;
    CHECK(look_ups_granted(cache, kStartMs) == static_cast<int>(limits::kTokenLookUpBurst));
    CHECK(look_ups_granted(cache, kStartMs) == 0);
    CHECK(look_ups_granted(cache, kStartMs + 499) == 0);
    CHECK(look_ups_granted(cache, kStartMs + 10'499) == 20);
    CHECK(look_ups_granted(cache, kStartMs + 3'600'000) == static_cast<int>(limits::kTokenLookUpBurst));
    CHECK(look_ups_granted(cache, kStartMs) == 0);
}

TEST_CASE("a look-up that finds a token costs nothing of the ration") {
    TokenCache cache;
    for (int i = 0; i < 10 * static_cast<int>(limits::kTokenLookUpBurst); ++i) {
        REQUIRE(cache.may_look_up("known", kStartMs));
        cache.put("known", token_of("known"), kStartMs);
    }
    for (int i = 0; i < static_cast<int>(limits::kTokenLookUpBurst); ++i) {
        REQUIRE(cache.may_look_up("unknown", kStartMs));
        cache.put_unknown("unknown", kStartMs);
    }
    CHECK_FALSE(cache.may_look_up("unknown", kStartMs));
}

TEST_CASE("a token is looked up by one at a time, until that one ends or is taken for dead") {
    TokenCache cache;
    CHECK_FALSE(cache.is_being_looked_up("t", kStartMs));
    REQUIRE(cache.may_look_up("t", kStartMs));
    CHECK(cache.is_being_looked_up("t", kStartMs + 3'999));
    CHECK_FALSE(cache.is_being_looked_up("t", kStartMs + 4'000));
    CHECK_FALSE(cache.is_being_looked_up("another", kStartMs));
    cache.end_look_up("t");
    CHECK_FALSE(cache.is_being_looked_up("t", kStartMs));
}
