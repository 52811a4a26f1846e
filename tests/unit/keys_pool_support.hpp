// Shorthand for the tests of the key pool: a pool, a clock that the test turns, and verdicts as judge() makes them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "keys/key_pool.hpp"

namespace edgepool::keys {

inline constexpr double kStartMs = 1.8e12;
inline constexpr double kSecondMs = 1'000;
inline constexpr double kMinuteMs = 60'000;
inline constexpr double kHourMs = 3'600'000;

inline std::string key_id(int number) {
    const std::string digits = std::to_string(number);
    return "key" + std::string(13 - digits.size(), '0') + digits;
}

inline WorkingSet working_set(int keys, double now_ms = kStartMs) {
    WorkingSet set;
    set.db_now_ms = now_ms;
    for (int i = 0; i < keys; ++i) {
        KeyRow row;
        row.id = key_id(i);
        row.secret = "secret-" + std::to_string(i);
        set.keys.push_back(std::move(row));
    }
    set.total = set.usable = keys;
    return set;
}

struct Bench {
    static verdict::Verdict of(verdict::Blame blame, std::string reason, double until_ms) {
        verdict::Verdict verdict;
        verdict.blame = blame;
        verdict.reason = std::move(reason);
        verdict.until_ms = until_ms;
        verdict.evidence = "429: told so";
        return verdict;
    }
    static verdict::Verdict refusal(double now_ms) {
        verdict::Verdict verdict = of(verdict::Blame::key, "key_refused", now_ms + kHourMs);
        verdict.refusal = verdict.incident_evidence = true;
        return verdict;
    }
    static verdict::Verdict spent(double until_ms) { return of(verdict::Blame::key, "weekly_limit", until_ms); }
    static verdict::Verdict crowded(double now_ms) {
        verdict::Verdict verdict = of(verdict::Blame::key, "concurrency_limit", now_ms + 5 * kSecondMs);
        verdict.concurrency = true;
        return verdict;
    }
    static verdict::Verdict service() {
        verdict::Verdict verdict = of(verdict::Blame::upstream, "overloaded", 0);
        verdict.incident_evidence = true;
        return verdict;
    }
    static verdict::Verdict pair(std::string model, double until_ms) {
        verdict::Verdict verdict = of(verdict::Blame::key_model, "model_not_in_plan", until_ms);
        verdict.model = std::move(model);
        return verdict;
    }
    static verdict::Verdict client() { return of(verdict::Blame::client, "request_refused", 0); }
};

// A pool under test with its clock and what it wants persisted.
struct Rig {
    explicit Rig(int keys, Strategy strategy = Strategy::p2c) : pool(strategy) { pool.load(working_set(keys), now_ms); }

    std::optional<KeyPool::Ticket> take(std::string_view model = "m", const std::vector<std::string>* tried = nullptr,
                                        std::string_view client = "client") {
        return pool.take({model, client, tried}, now_ms, random);
    }
    // The ticket of one particular key.
    std::optional<KeyPool::Ticket> take_key(const std::string& id, std::string_view model = "m") {
        std::vector<std::string> others;
        for (int i = 0; i < 2000 && others.size() + 1 < pool.size(); ++i) {
            if (key_id(i) != id) others.push_back(key_id(i));
        }
        return take(model, &others);
    }
    void succeed(const KeyPool::Ticket& ticket, std::string_view model = "m") {
        KeyPool::Outcome outcome;
        outcome.success = true;
        outcome.model = model;
        outcome.latency_ms = 100;
        pool.settle(ticket, outcome, now_ms, records);
    }
    void fail(const KeyPool::Ticket& ticket, const verdict::Verdict& verdict, std::string_view model = "m") {
        KeyPool::Outcome outcome;
        outcome.verdict = &verdict;
        outcome.model = model;
        suspect = pool.settle(ticket, outcome, now_ms, records);
    }
    void vanish(const KeyPool::Ticket& ticket) { pool.settle(ticket, {}, now_ms, records); }
    std::string state(const std::string& id, std::string_view model = "m") const {
        for (const auto& row : pool.explain(model, now_ms, pool.size())) {
            if (row.id == id) return row.state;
        }
        return "absent";
    }

    double now_ms = kStartMs;
    KeyPool pool;
    Random random{7};
    std::vector<VerdictRecord> records;
    std::optional<Suspect> suspect;  // as the last failure left it
};

}  // namespace edgepool::keys
