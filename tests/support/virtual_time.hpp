// A clock that only moves when told to, and what is to happen at which moment. What is due at one moment happens in the order in which
// it was asked for. Nothing here waits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace edgepool::test {

inline constexpr double kSecondMs = 1'000;
inline constexpr double kMinuteMs = 60 * kSecondMs;
inline constexpr double kHourMs = 60 * kMinuteMs;

class VirtualTime {
public:
    // Names one thing that is to happen.
    using Appointment = std::pair<double, std::uint64_t>;

    double now_ms() const { return now_ms_; }

    // A moment that has passed means now.
    Appointment at(double when_ms, std::function<void()> what) {
        const Appointment appointment{when_ms < now_ms_ ? now_ms_ : when_ms, next_number_++};
        agenda_.emplace(appointment, std::move(what));
        return appointment;
    }
    Appointment after(double delay_ms, std::function<void()> what) { return at(now_ms_ + delay_ms, std::move(what)); }

    // What has happened already stays so.
    void cancel(const Appointment& appointment) { agenda_.erase(appointment); }

    // The next thing happens; false when nothing is to come.
    bool step() {
        if (agenda_.empty()) return false;
        auto next = agenda_.extract(agenda_.begin());
        now_ms_ = next.key().first;
        next.mapped()();
        return true;
    }

    void run() {
        while (step()) {
        }
    }

    // All that is due up to `when_ms`, which is the time afterwards.
    void run_until(double when_ms) {
        while (!agenda_.empty() && agenda_.begin()->first.first <= when_ms) step();
        now_ms_ = when_ms;
    }
    void run_for(double span_ms) { run_until(now_ms_ + span_ms); }

private:
    double now_ms_ = 1'800'000'000'000;  // 2027-01-15T08:00:00Z, the beginning of an hour
    std::uint64_t next_number_ = 1;
    std::map<Appointment, std::function<void()>> agenda_;
};

}  // namespace edgepool::test
