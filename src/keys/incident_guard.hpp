// Notices that it is not the keys: when most of those in use fail alike within seconds, benching them would only finish the pool off.
// While an incident lasts requests fail fast, single probes pass, and the first success ends it. An incident concerns one model as long
// as only that model fails. Pure: it is told what happened and when, and keeps a bounded number of recent outcomes.
//
// Two families of evidence. Failures of the service itself (blame: upstream) blame no key, so few suffice. Refusals of keys (such as
// 401 for everybody) are evidence only from many keys that were in good standing, never from a handful: three revoked keys are three
// revoked keys. And they are not disbelieved for ever: after kPatienceMs without any success the keys are judged again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgepool::keys {

struct IncidentState {
    bool active = false;
    std::string model;       // empty = the provider as a whole
    std::string reason;      // of the latest failure
    double since_ms = 0;
    double next_probe_ms = 0;
};

class IncidentGuard {
public:
    static constexpr std::size_t kServiceFailures = 6;   // enough to rule chance out, few enough to be quick
    static constexpr std::size_t kServiceKeys = 3;       // or all keys of a smaller pool
    static constexpr std::size_t kRefusedKeys = 8;       // a smaller pool's keys are taken at their word
    static constexpr std::size_t kMostRefusedKeys = 24;  // of large pools an isolate uses only so many within the window
    static constexpr double kShareAlike = 0.8;           // of what happened within the window
    static constexpr double kServiceWindowMs = 10'000;
    static constexpr double kRefusalWindowMs = 30'000;
    static constexpr double kPatienceMs = 600'000;
    static constexpr double kForgetMs = 60'000;  // no failure for so long: over, whether or not anybody has tried
    static constexpr double kFirstPauseMs = 2'000;
    static constexpr double kLongestPauseMs = 15'000;

    struct Failure {
        std::uint64_t key = 0;  // any number that tells keys apart
        std::string_view model;
        std::string_view reason;
        bool is_service = false;  // blame: upstream
        bool in_good_standing = false;  // the key had not failed before
    };

    // What a failure means. `retracted`: keys whose benches for this same reason were made just before the incident was seen, and fall.
    struct Ruling {
        bool believe = true;  // false: it is not the key's fault
        std::vector<std::uint64_t> retracted;
    };

    Ruling observe_failure(const Failure& failure, std::size_t pool_size, double now_ms);
    void observe_success(std::uint64_t key, std::string_view model, double now_ms);

    // May a request for `model` go out? During an incident one may, now and then: the probe.
    bool admits(std::string_view model, double now_ms);

    // The incident that holds requests for `model` back; an inactive state when there is none.
    IncidentState blocking(std::string_view model, double now_ms) const;

    // The gravest one: the provider as a whole before single models.
    IncidentState state(double now_ms) const;

private:
    static constexpr std::size_t kRemembered = 64;
    static constexpr std::size_t kMostIncidents = 16;

    struct Entry {
        double at_ms = 0;
        std::uint64_t key = 0;
        std::uint64_t model = 0;  // hash
        std::uint64_t kind = 0;   // 0 = success; else a hash of what failed
        bool is_evidence = false;
    };
    struct Incident {
        std::string model;
        std::string reason;
        bool is_service = false;
        double since_ms = 0;
        double latest_ms = 0;  // failure
        double next_probe_ms = 0;
        double pause_ms = kFirstPauseMs;
    };
    struct Tally {
        std::size_t attempts = 0;
        std::size_t alike = 0;
        std::size_t keys = 0;  // distinct ones among the failures alike
    };

    void remember(const Entry& entry);
    Tally tally(std::uint64_t kind, std::optional<std::uint64_t> model, double window_ms, double now_ms) const;
    std::vector<std::uint64_t> keys_of(std::uint64_t kind, double window_ms, double now_ms) const;
    Incident* find(std::string_view model, bool is_service, double now_ms);
    bool is_over(const Incident& incident, double now_ms) const;

    std::array<Entry, kRemembered> entries_{};
    std::size_t next_entry_ = 0;
    std::vector<Incident> incidents_;
    std::uint64_t believed_kind_ = 0;  // refusals that patience has run out for, until a success
};

}  // namespace edgepool::keys
