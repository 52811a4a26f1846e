// The truth that the pool cannot see: which keys are revoked, spent or crowded, and when the provider itself is in trouble. Answers are
// real bodies; what they were caused by is kept beside them, so that verdicts can be checked against it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "http/headers.hpp"
#include "provider/provider.hpp"
#include "verdict/probe.hpp"
#include "verdict/verdict.hpp"

namespace edgepool::sim {

inline constexpr double kSecondMs = 1'000;
inline constexpr double kMinuteMs = 60 * kSecondMs;
inline constexpr double kHourMs = 60 * kMinuteMs;
inline constexpr double kDayMs = 24 * kHourMs;

enum class Cause { fine, revoked, spent, crowded, not_in_plan, free_tier, service, everybody_refused, client_fault, model_gone, client_left };

bool blames_key(Cause cause);
bool blames_pair(Cause cause);

struct Reply {
    Cause cause = Cause::fine;
    double delay_ms = 0;
    verdict::Transport transport = verdict::Transport::answered;
    int status = 200;
    Headers headers;
    std::string body;
    bool in_success = false;
};

struct KeyTruth {
    std::string id;
    std::string secret;
    double revoked_ms = 0;  // from then on; 0 = never
    int quota = 0;          // requests per window; 0 = no limit
    double window_ms = 0;
    bool states_reset = false;
    int places = 0;  // attempts at once; 0 = no limit
    std::set<std::string> excluded;
    int free_quota = 0;  // requests a day to models ending in ":free"; 0 = no limit

    double window = -1;
    int used = 0;
    double free_day = -1;
    int free_used = 0;
    int running = 0;
};

struct Trouble {
    enum class Kind { overloaded, proxy_page, timeouts, cuts, refuses_everybody, shared_capacity, one_model };
    Kind kind;
    double from_ms;
    double until_ms;
    std::string model;  // for one_model
};

class World {
public:
    World(Random& random, double start_ms, double span_ms);

    const Provider& provider() const { return *provider_; }
    const std::vector<std::string>& models() const { return models_; }
    std::map<std::string, KeyTruth>& keys() { return keys_; }
    const KeyTruth& add_key(Random& random);

    // An attempt arrives; leave() must follow when it has ended.
    Reply arrive(const std::string& key_id, const std::string& model, double now_ms, Random& random);
    void leave(const std::string& key_id);

    // The key-information route is asked: it is in the same trouble as the rest of the provider.
    verdict::ProbeReading tell_about(const std::string& key_id, double now_ms, Random& random) const;

    // From now on nothing is wrong any more but what is revoked.
    void make_peace();

private:
    Reply refuse(Cause cause, int status, std::string message) const;
    bool in_trouble(Trouble::Kind kind, const std::string& model, double now_ms) const;
    bool service_fails(const std::string& model, double now_ms, Random& random, Reply& reply) const;

    const Provider* provider_;
    std::vector<std::string> models_ = {"alpha", "beta", "gamma:free", "delta:free"};
    std::map<std::string, KeyTruth> keys_;
    std::vector<Trouble> troubles_;
    double span_ms_;
    double start_ms_;
    int next_key_ = 0;
    bool is_peace_ = false;
};

}  // namespace edgepool::sim
