#include "auth/token_cache.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using auth::Token;
using auth::TokenCache;
using State = auth::TokenCache::State;

namespace {

constexpr double kStartMs = 1.8e12;
constexpr double kWindowMs = limits::kFlushWindowMs;  // of a lone isolate
constexpr double kKeepMs = limits::kKnownTokenMs;

Token token_of(const std::string& hash) {
    Token token;
    token.hash = hash;
    token.name = "name of " + hash;
    return token;
}

void learn(TokenCache& cache, const std::string& hash, double now_ms = kStartMs) { cache.put(hash, token_of(hash), now_ms, now_ms, kKeepMs); }

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
    learn(cache, "a");
    CHECK(look(cache, "a") == State::known);
    cache.put_unknown("a", kStartMs);
    CHECK(look(cache, "a") == State::unknown);
    cache.forget("a", kStartMs);
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
    for (std::size_t i = 0; i < limits::kTokenCacheEntries; ++i) learn(cache, name(i), kStartMs + static_cast<double>(i));
    for (std::size_t i = 0; i < limits::kTokenCacheEntries; ++i) REQUIRE(look(cache, name(i)) == State::known);
    learn(cache, "one more", kStartMs + 1e6);
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

int look_ups_granted(TokenCache& cache, double now_ms, double window_ms = kWindowMs) {
    int granted = 0;
    while (granted < 1'000 && cache.may_look_up("t" + std::to_string(granted), now_ms, window_ms)) ++granted;
    return granted;
}

}  // namespace

TEST_CASE("look-ups of tokens never seen come in a burst of fifty, then one every three windows") {
    TokenCache cache;
    CHECK(look_ups_granted(cache, kStartMs) == static_cast<int>(limits::kTokenLookUpBurst));
    CHECK(look_ups_granted(cache, kStartMs) == 0);
    CHECK(look_ups_granted(cache, kStartMs + 2'999) == 0);
    CHECK(look_ups_granted(cache, kStartMs + 30'000) == 10);
    CHECK(look_ups_granted(cache, kStartMs + 3'600'000) == static_cast<int>(limits::kTokenLookUpBurst));
    CHECK(look_ups_granted(cache, kStartMs) == 0);
}

TEST_CASE("all isolates together look up ten unknown tokens a second, however many they are") {
    for (const int isolates : {30, 120, 400, 600}) {
        CAPTURE(isolates);
        const double window_ms = isolates * 1000.0 / 30;
        TokenCache cache;
        const int burst = look_ups_granted(cache, kStartMs, window_ms);
        CHECK(burst == static_cast<int>(std::max(limits::kLeastTokenLookUpBurst, limits::kTokenLookUpBurst * 1000 / window_ms)));
        int granted = 0;
        for (int second = 1; second <= 600; ++second) granted += look_ups_granted(cache, kStartMs + second * 1000.0, window_ms);
        CHECK(granted * isolates / 600.0 <= 10.0);
        CHECK(granted * isolates / 600.0 > 9.0);
    }
}

TEST_CASE("a window that grows takes back what of the burst is left") {
    TokenCache cache;
    REQUIRE(cache.may_look_up("t", kStartMs, kWindowMs));
    CHECK(look_ups_granted(cache, kStartMs, 20'000) == static_cast<int>(limits::kLeastTokenLookUpBurst));
}

TEST_CASE("a known token is due for renewal after its time, serves meanwhile, and is asked for by one at a time") {
    TokenCache cache;
    learn(cache, "t");
    CHECK_FALSE(cache.may_renew("another", kStartMs + kKeepMs, kWindowMs));
    CHECK_FALSE(cache.may_renew("t", kStartMs + kKeepMs - 1, kWindowMs));
    CHECK(cache.may_renew("t", kStartMs + kKeepMs, kWindowMs));
    CHECK(look(cache, "t", kStartMs + kKeepMs) == State::known);
    CHECK_FALSE(cache.may_renew("t", kStartMs + kKeepMs + limits::kLongestFailurePauseMs - 1, kWindowMs));
    CHECK(cache.may_renew("t", kStartMs + kKeepMs + limits::kLongestFailurePauseMs, kWindowMs));
    learn(cache, "t", kStartMs + 2 * kKeepMs);
    CHECK_FALSE(cache.may_renew("t", kStartMs + 3 * kKeepMs - 1, kWindowMs));
    CHECK(cache.may_renew("t", kStartMs + kKeepMs, kWindowMs));  // the clock was set back
}

TEST_CASE("an isolate renews one token every four windows, so that all of them together ask 7.5 times a second at most") {
    const double window_ms = GENERATE(1'000.0, 13'333.0);
    TokenCache cache;
    for (int i = 0; i < 100; ++i) learn(cache, "t" + std::to_string(i));
    int renewed = 0;
    for (double now_ms = kStartMs + kKeepMs; now_ms < kStartMs + kKeepMs + 40 * window_ms; now_ms += 100) {
        for (int i = 0; i < 100; ++i) {
            if (!cache.may_renew("t" + std::to_string(i), now_ms, window_ms)) continue;
            learn(cache, "t" + std::to_string(i), now_ms);
            ++renewed;
        }
    }
    CHECK((renewed == 9 || renewed == 10));
}

TEST_CASE("what was asked before a change was heard of is due at once, whatever the turn") {
    TokenCache cache;
    learn(cache, "other");
    REQUIRE(cache.may_renew("other", kStartMs + kKeepMs, kWindowMs));
    const double asked_ms = kStartMs + kKeepMs, heard_ms = asked_ms + 5;
    SECTION("of this token") { cache.forget("t", heard_ms); }
    SECTION("of any token") { cache.forget_all(heard_ms); }
    cache.put("t", token_of("t"), asked_ms, heard_ms + 5, kKeepMs);
    CHECK(look(cache, "t") == State::known);
    CHECK(cache.may_renew("t", heard_ms + 5, kWindowMs));
    cache.put("t", token_of("t"), heard_ms + 5, heard_ms + 10, kKeepMs);
    CHECK_FALSE(cache.may_renew("t", heard_ms + 10, kWindowMs));
}

TEST_CASE("all tokens are forgotten when any may have changed") {
    TokenCache cache;
    learn(cache, "a");
    learn(cache, "b");
    cache.forget_all(kStartMs + 1);
    CHECK(look(cache, "a") == State::missing);
    CHECK(look(cache, "b") == State::missing);
}

TEST_CASE("a look-up that finds a token costs nothing of the ration") {
    TokenCache cache;
    for (int i = 0; i < 10 * static_cast<int>(limits::kTokenLookUpBurst); ++i) {
        REQUIRE(cache.may_look_up("known", kStartMs, kWindowMs));
        learn(cache, "known");
    }
    for (int i = 0; i < static_cast<int>(limits::kTokenLookUpBurst); ++i) {
        REQUIRE(cache.may_look_up("unknown", kStartMs, kWindowMs));
        cache.put_unknown("unknown", kStartMs);
    }
    CHECK_FALSE(cache.may_look_up("unknown", kStartMs, kWindowMs));
}

TEST_CASE("a token is looked up by one at a time, until that one ends or is taken for dead") {
    TokenCache cache;
    CHECK_FALSE(cache.is_being_looked_up("t", kStartMs));
    REQUIRE(cache.may_look_up("t", kStartMs, kWindowMs));
    CHECK(cache.is_being_looked_up("t", kStartMs + 3'999));
    CHECK_FALSE(cache.is_being_looked_up("t", kStartMs + 4'000));
    CHECK_FALSE(cache.is_being_looked_up("another", kStartMs));
    cache.end_look_up("t");
    CHECK_FALSE(cache.is_being_looked_up("t", kStartMs));
}
