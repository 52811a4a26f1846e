#include "sim/simulation.hpp"

#include <algorithm>
#include <cstdio>

#include "sim/simulation_run.hpp"

namespace edgepool::sim {
namespace {

constexpr std::size_t kShownViolations = 5;

ModelDatabase::Faults faults_of(Plant plant) {
    return {plant == Plant::double_count, plant == Plant::older_wins, plant == Plant::endless_bench};
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, double span_ms, Plant plant)
    : seed_(seed), span_ms_(span_ms), plant_(plant), random_(seed), world_(random_, kStartMs, span_ms), database_(faults_of(plant)) {
    strategy_ = static_cast<keys::Strategy>(random_.below(4));
    set_limit_ = random_.below(3) == 0 ? 8 + static_cast<std::size_t>(random_.below(16)) : limits::kWorkingSetKeys;
    for (const auto& [id, key] : world_.keys()) database_.add_key(id, key.secret, now_ms_);
    end_ms_ = kStartMs + span_ms;
}

void Simulation::violate(const std::string& what) {
    ++report_.violation_count;
    if (report_.violations.size() >= kShownViolations) return;
    char line[200];
    std::snprintf(line, sizeof line, "seed %llu, %.3f h: %s", static_cast<unsigned long long>(seed_), (now_ms_ - kStartMs) / kHourMs, what.c_str());
    report_.violations.emplace_back(line);
}

void Simulation::drain() {
    while (!events_.empty()) {
        const Event event = events_.top();
        events_.pop();
        now_ms_ = std::max(now_ms_, event.at_ms);
        event.act();
    }
}

std::shared_ptr<Isolate> Simulation::new_isolate() {
    const int number = static_cast<int>(report_.isolates++);
    auto isolate = std::make_shared<Isolate>(number, strategy_, random_.next());
    isolate->clock_offset_ms = 600 * (random_.unit() - 0.5);
    return isolate;
}

void Simulation::schedule_traffic() {
    const std::uint64_t bursts = 10 + random_.below(30);
    for (std::uint64_t i = 0; i < bursts; ++i) {
        const double gap_ms = random_.below(2) == 0 ? 20 + 200 * random_.unit() : 1'000 + 20'000 * random_.unit();
        const int size = 5 + static_cast<int>(random_.below(120));
        after(span_ms_ * random_.unit(), [this, gap_ms, size] { burst(gap_ms, size); });
    }
}

void Simulation::burst(double gap_ms, int left) {
    if (left == 0 || now_ms_ >= end_ms_) return;
    if (isolates_.empty()) isolates_.push_back(new_isolate());
    begin_request(isolates_[random_.below(isolates_.size())]);
    after(gap_ms * 2 * random_.unit(), [this, gap_ms, left] { burst(gap_ms, left - 1); });
}

void Simulation::schedule_mishaps() {
    const std::uint64_t isolates = 1 + random_.below(6);
    for (std::uint64_t i = 0; i < isolates; ++i) isolates_.push_back(new_isolate());
    for (std::uint64_t i = random_.below(4); i > 0; --i) {
        after(span_ms_ * random_.unit(), [this] {
            kill(static_cast<std::size_t>(random_.below(isolates_.size())));
            isolates_.push_back(new_isolate());
        });
    }
    if (random_.below(3) == 0) {
        after(span_ms_ * random_.unit(), [this] {
            Isolate& isolate = *isolates_[random_.below(isolates_.size())];
            isolate.clock_offset_ms = (random_.unit() - 0.5) * 2 * kLargestStepMs;
            isolate.clock_has_stepped = true;
        });
    }
    for (std::uint64_t i = random_.below(5); i > 0; --i) {
        const std::uint64_t what = random_.below(4);
        after(span_ms_ * random_.unit(), [this, what] {
            if (what == 0) {
                const KeyTruth& key = world_.add_key(random_);
                database_.add_key(key.id, key.secret, now_ms_);
                return;
            }
            if (database_.rows().size() < 2) return;
            auto row = database_.rows().begin();
            std::advance(row, static_cast<std::ptrdiff_t>(random_.below(database_.rows().size())));
            const std::string id = row->first;
            if (what == 1) {
                database_.remove_key(id, now_ms_);
                return;
            }
            database_.set_key(id, false, now_ms_);
            after(kHourMs * random_.unit(), [this, id] {
                if (database_.rows().count(id) != 0) database_.set_key(id, true, now_ms_);
            });
        });
    }
}

void Simulation::kill(std::size_t index) {
    const std::shared_ptr<Isolate> isolate = isolates_[index];
    isolates_.erase(isolates_.begin() + static_cast<std::ptrdiff_t>(index));
    isolate->is_alive = false;
    isolate->outbox.push_back(isolate->counts.cut("never sent", 1'000'000, now_ms_));
    for (const stats::Batch& batch : isolate->outbox) {
        if (database_.has_applied(batch.id)) continue;
        for (const auto& row : batch.models) lost_counted_requests_ += row.requests;
        for (const auto& row : batch.keys) lost_counted_attempts_ += row.requests;
    }
    isolate->outbox.clear();
}

void Simulation::peace() {
    // Longer than the longest bench, wrong clocks included.
    now_ms_ += limits::kLongestBenchMs + 2 * kLargestStepMs;
    is_peace_ = true;
    world_.make_peace();
    set_limit_ = limits::kWorkingSetKeys;
    for (const auto& isolate : isolates_) load(isolate, [] {});
    drain();
    for (const auto& isolate : isolates_) {
        const std::size_t rounds = 30 * (database_.rows().size() + 1);
        for (std::size_t i = 0; i < rounds; ++i) after(static_cast<double>(i) * 400, [this, isolate] { begin_request(isolate); });
    }
    drain();
}

void Simulation::check_end() {
    for (const auto& request : requests_) {
        if (request->answers != 1) violate("a request was not answered exactly once");
    }
    for (const auto& isolate : isolates_) {
        if (isolate->pool.in_flight() != 0) violate("places are taken though nothing is under way");
        if (!isolate->counts.empty() || !isolate->outbox.empty()) violate("counts were never sent");
    }
    const auto& sums = database_.sums();
    if (sums.requests + lost_counted_requests_ != counted_requests_) violate("requests were lost or counted twice");
    if (sums.attempts + lost_counted_attempts_ != counted_attempts_) violate("attempts were lost or counted twice");
    if (database_.at_went_back()) violate("an older verdict overwrote a newer one");

    bool any_healthy = false;
    for (const auto& [id, row] : database_.rows()) {
        const KeyTruth& key = world_.keys().at(id);
        if (key.revoked_ms != 0 || row.reason == "by_hand") continue;
        any_healthy = true;
        if (row.status == "disabled") violate("a healthy key was left disabled");
        else if (row.until_ms && *row.until_ms > now_ms_) violate("a bench did not end");
        else if (strategy_ != keys::Strategy::affinity && served_in_peace_[id] == 0) violate("a healthy key starves");
    }
    if (any_healthy && failed_in_peace_ > 0) violate("a request failed though healthy keys were there and the provider was well");
}

Report Simulation::run() {
    schedule_mishaps();
    schedule_traffic();
    drain();
    peace();
    check_end();
    report_.simulated_ms = now_ms_ - kStartMs;
    return report_;
}

void Report::add(const Report& other) {
    requests += other.requests;
    attempts += other.attempts;
    successes += other.successes;
    benches += other.benches;
    retracted += other.retracted;
    disabled += other.disabled;
    probes += other.probes;
    failed_fast += other.failed_fast;
    isolates += other.isolates;
    simulated_ms += other.simulated_ms;
    violation_count += other.violation_count;
    for (const std::string& violation : other.violations) {
        if (violations.size() < kShownViolations) violations.push_back(violation);
    }
}

Report simulate(std::uint64_t seed, double span_ms, Plant plant) { return Simulation(seed, span_ms, plant).run(); }

}  // namespace edgepool::sim
