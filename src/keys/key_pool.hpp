// The keys of one provider as an isolate knows them: which can serve now, which is drawn, what an attempt's end does to its key.
// A cache of the database's truth: it changes at once by what attempts report, hands out what must be persisted, and takes in what
// others have found out. It owns no clock and no randomness. Times given and returned are the caller's clock; inside and in records the
// database's clock counts, so that isolates with different clocks agree on which verdict is the newer.
//
// Invariants
// 1. A key is given out only while it is neither benched nor disabled, has a free place, and is not benched for the model.
// 2. A half-open key has at most one attempt under way, the probe.
// 3. A place is freed once: by settle(), or by age when its request has vanished.
// 4. A verdict never overwrites a newer one of the same key (or key and model).
// 5. Every bench ends: at its time, which is at most limits::kLongestBenchMs away.
// take() and settle() cost O(1) in the number of keys (amortised; O(log n) where a bench begins or ends). A model for which most keys
// are benched costs a scan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "keys/affinity_ring.hpp"
#include "keys/incident_guard.hpp"
#include "keys/key_slot.hpp"
#include "keys/places.hpp"
#include "keys/ready_keys.hpp"
#include "keys/refusal_ruling.hpp"
#include "keys/strategy.hpp"
#include "keys/working_set.hpp"
#include "verdict/verdict.hpp"

namespace edgepool::keys {

class KeyPool {
public:
    explicit KeyPool(Strategy strategy = Strategy::p2c) : strategy_(strategy) {}

    // A key lent to one attempt. A value: it stays good to settle whatever happens to the pool meanwhile.
    struct Ticket {
        std::uint32_t slot = 0;
        std::uint32_t generation = 0;
        std::string id;
        std::string secret;
        bool probe = false;  // the key is half-open: this attempt decides
        PlaceNumber place;
        double taken_ms = 0;  // by the database's clock
    };

    struct Request {
        std::string_view model = {};
        std::string_view affinity = {};                  // what should stick to one key: the client token's hash
        const std::vector<std::string>* tried = nullptr;  // ids of keys that this request has had; may be null
    };

    struct Outcome {
        bool success = false;
        const verdict::Verdict* verdict = nullptr;  // without success; null = nothing is known (the client left)
        std::string_view model = {};
        double latency_ms = 0;  // until the first byte
    };

    struct Shortage {
        enum class Kind : std::uint8_t { empty, all_benched, all_busy, all_tried, model_benched, incident };
        Kind kind = Kind::empty;
        std::optional<double> next_ms;  // when to try again, if that is known
    };

    struct Explained {
        std::string id;
        std::string state;   // "ready", "busy", "half_open", "probing", "benched", "model_benched", "disabled"
        std::string reason;  // of the bench
        std::optional<double> until_ms;
        double weight = 0;  // share in the choice among idle keys, 0..1
        int in_flight = 0;
        std::optional<int> ceiling;
        std::optional<double> remaining;
        double failure_rate = 0;  // recent, 0..1
        double latency_ms = 0;    // average until the first byte; 0 = not known
        int refusals = 0;
    };

    // Takes a working set in the place of what was there. Keys that stay keep places, averages and newer local verdicts.
    void load(WorkingSet set, double now_ms);

    // Takes in what changed elsewhere about the keys that are here. A key that is not here is not added: it would come without its
    // per-model benches; load() brings both.
    void apply(const Changes& changes, double now_ms);

    // One bench that another isolate tells of before the database does. An empty model: the key as a whole.
    void hear(const ModelBench& bench, double now_ms);

    // nullopt: nothing can serve this request now; why_none() says why.
    std::optional<Ticket> take(const Request& request, double now_ms, Random& random);

    // The attempt's first byte was a success: a probed key opens now, not at the end of a long stream. settle() still follows.
    void confirm(const Ticket& ticket, double now_ms, std::vector<VerdictRecord>& out);

    // The attempt has ended. Appends what must be persisted. A suspect: the key was refused as often in a row as disables it; it rests as
    // after any refusal, and rule() says what becomes of it.
    std::optional<Suspect> settle(const Ticket& ticket, const Outcome& outcome, double now_ms, std::vector<VerdictRecord>& out);

    // The provider was asked about a suspect. Nothing changes when it said nothing, when something newer is known about the key, or while
    // an incident lasts, in which such an answer is not the key's doing either.
    void rule(const Suspect& suspect, const verdict::ProbeReading& reading, double now_ms, std::vector<VerdictRecord>& out);

    Shortage why_none(const Request& request, double now_ms) const;

    IncidentState incident(double now_ms) const;

    // The keys in the order in which a request for `model` would prefer them, then those that cannot serve it; at most `limit`.
    std::vector<Explained> explain(std::string_view model, double now_ms, std::size_t limit) const;

    bool contains(std::string_view id) const { return find(id) != nullptr; }
    std::size_t size() const { return by_id_.size(); }
    std::size_t usable(double now_ms) const;  // neither benched nor disabled
    std::size_t in_flight() const { return places_.size(); }

private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    struct TextEqual {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const { return a == b; }
    };
    // When a bench ends (void when the slot's bench_version has moved on), or, with version 0, when the key expires.
    struct Wake {
        double until_ms;
        std::uint32_t slot;
        std::uint32_t bench_version;
    };

    double database_time(double now_ms) const { return now_ms + skew_ms_; }
    double caller_time(double db_ms) const { return db_ms - skew_ms_; }
    void follow_clock(double db_now_ms, double now_ms);

    // key_pool.cpp: what comes from the database
    const KeySlot* find(std::string_view id) const;
    std::uint32_t add_slot(std::string_view id);
    void remove_slot(std::uint32_t index);
    // db_now_ms: when the database looked; heard_ms: when its answer came.
    std::uint32_t take_row(KeyRow row, double db_now_ms, double heard_ms);
    void take_change(const KeyChange& change, double db_now_ms, double heard_ms);
    void set_expiry(std::uint32_t index, std::optional<double> expires_ms);
    void set_phase(std::uint32_t index, Phase phase);
    void list_again(std::uint32_t index);  // in or out of the sets, after its places or phase changed
    void bench(std::uint32_t index, double until_ms, std::string_view reason, double db_now_ms);
    void push_wake(const Wake& wake);
    void wake_keys(double db_now_ms);

    // key_choice.cpp
    void sweep_places(double db_now_ms);
    bool can_serve(std::uint32_t index, const Request& request, double db_now_ms) const;
    std::uint32_t choose(const Request& request, double db_now_ms, Random& random);
    std::uint32_t choose_probe(const Request& request, double db_now_ms) const;
    std::uint32_t choose_by_two(const Request& request, double db_now_ms, Random& random) const;
    std::uint32_t choose_any(const Request& request, double db_now_ms, Random& random) const;
    std::uint32_t choose_oldest(const Request& request, double db_now_ms) const;
    std::uint32_t choose_preferred(const Request& request, double db_now_ms, Random& random);
    std::uint32_t better_of(std::uint32_t a, std::uint32_t b, double db_now_ms, Random& random) const;

    // key_settling.cpp
    struct Settling;
    bool free_place(const Ticket& ticket);  // true when it was the key's current probe
    std::optional<std::uint32_t> slot_of(const Ticket& ticket) const;
    void recover(std::uint32_t index, double db_now_ms, std::vector<VerdictRecord>& out);
    void settle_success(Settling& settling);
    void settle_verdict(Settling& settling);
    void settle_key_verdict(Settling& settling);
    void settle_pair_verdict(Settling& settling);
    bool is_believed(Settling& settling);
    void retract(std::uint64_t key, std::string_view reason, double db_now_ms, std::vector<VerdictRecord>& out);
    void persist_key(std::uint32_t index, VerdictRecord::State state, std::string evidence, double db_now_ms, std::vector<VerdictRecord>& out);

    // key_explaining.cpp
    Explained explain_slot(const KeySlot& slot, std::string_view model, double db_now_ms) const;

    Strategy strategy_;
    double skew_ms_ = 0;  // database's clock minus caller's
    std::vector<KeySlot> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::unordered_map<std::string, std::uint32_t, TextHash, TextEqual> by_id_;
    ReadyKeys open_;       // open keys with a free place
    ReadyKeys half_open_;  // keys that await a probe
    std::vector<Wake> wakes_;  // heap, the earliest first
    std::size_t resting_ = 0;  // benched or disabled
    std::optional<double> next_in_database_ms_;  // when the database's first benched key comes back
    Places places_;
    IncidentGuard guard_;
    AffinityRing ring_;
    bool ring_is_stale_ = true;
};

}  // namespace edgepool::keys
