#include "sim/simulation.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <queue>

#include "base/limits.hpp"
#include "sim/isolate.hpp"
#include "sim/model_database.hpp"
#include "sim/world.hpp"
#include "verdict/verdict.hpp"

namespace edgepool::sim {
namespace {

using keys::KeyPool;
using keys::VerdictRecord;
using State = keys::VerdictRecord::State;

constexpr double kStartMs = 1'795'435'200'000.0;
constexpr std::size_t kMaxAttempts = 4;
constexpr double kFreshMs = 10 * kSecondMs;
constexpr double kWholeReloadMs = 5 * kMinuteMs;
constexpr double kLargestStepMs = kHourMs;  // by which clocks are set wrong
constexpr std::size_t kShownViolations = 5;

struct Request {
    std::uint64_t number = 0;
    std::string model;
    std::string client;
    std::vector<std::string> tried;
    bool has_reloaded = false;
    bool has_attempted = false;
    int answers = 0;
};

struct Attempt {
    std::shared_ptr<Isolate> isolate;
    std::shared_ptr<Request> request;
    KeyPool::Ticket ticket;
    Reply reply;
    double latency_ms = 0;
};

class Simulation {
public:
    Simulation(std::uint64_t seed, double span_ms, Plant plant);
    Report run();

private:
    struct Event {
        double at_ms;
        std::uint64_t order;
        std::function<void()> act;
    };
    struct Later {
        bool operator()(const Event& a, const Event& b) const { return a.at_ms != b.at_ms ? a.at_ms > b.at_ms : a.order > b.order; }
    };

    void after(double delay_ms, std::function<void()> act) { events_.push({now_ms_ + delay_ms, next_order_++, std::move(act)}); }
    void drain();
    void violate(const std::string& what);
    double database_delay() { return 20 + 200 * random_.unit(); }
    bool database_is_down() { return !is_peace_ && random_.below(40) == 0; }

    void schedule_traffic();
    void burst(double gap_ms, int left);
    void schedule_mishaps();
    std::shared_ptr<Isolate> new_isolate();
    void begin_request(const std::shared_ptr<Isolate>& isolate);
    void load(const std::shared_ptr<Isolate>& isolate, std::function<void()> then);
    void refresh(const std::shared_ptr<Isolate>& isolate);
    void attempt(const std::shared_ptr<Isolate>& isolate, const std::shared_ptr<Request>& request);
    void give_up(const std::shared_ptr<Isolate>& isolate, const std::shared_ptr<Request>& request);
    void check_ticket(Isolate& isolate, const Request& request, const KeyPool::Ticket& ticket);
    void complete(const std::shared_ptr<Attempt>& attempt);
    void take_records(const std::shared_ptr<Isolate>& isolate, std::vector<VerdictRecord> records);
    void check_records(const Attempt& attempt, const std::vector<VerdictRecord>& records);
    void answer(const std::shared_ptr<Isolate>& isolate, const std::shared_ptr<Request>& request, bool succeeded);
    void schedule_flush(const std::shared_ptr<Isolate>& isolate, double delay_ms);
    void send(const std::shared_ptr<Isolate>& isolate);
    void kill(std::size_t index);
    void peace();
    void check_end();

    std::uint64_t seed_;
    double span_ms_;
    Plant plant_;
    Random random_;
    World world_;
    ModelDatabase database_;
    keys::Strategy strategy_;
    std::size_t set_limit_;
    double now_ms_ = kStartMs;
    double end_ms_ = 0;
    bool is_peace_ = false;
    std::uint64_t next_order_ = 0;
    std::priority_queue<Event, std::vector<Event>, Later> events_;
    std::vector<std::shared_ptr<Isolate>> isolates_;
    std::vector<std::shared_ptr<Request>> requests_;
    std::uint64_t lost_requests_ = 0;  // of isolates that were killed
    std::int64_t counted_requests_ = 0;
    std::int64_t counted_attempts_ = 0;
    std::int64_t lost_counted_requests_ = 0;
    std::int64_t lost_counted_attempts_ = 0;
    std::map<std::string, int> served_in_peace_;
    std::uint64_t failed_in_peace_ = 0;
    Report report_;
};

ModelDatabase::Faults faults_of(Plant plant) {
    return {plant == Plant::double_count, plant == Plant::older_wins, plant == Plant::endless_bench};
}

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

void Simulation::begin_request(const std::shared_ptr<Isolate>& isolate) {
    auto request = std::make_shared<Request>();
    request->number = requests_.size();
    request->model = world_.models()[is_peace_ ? 0 : random_.below(world_.models().size())];
    request->client = "client-" + std::to_string(random_.below(40));
    requests_.push_back(request);
    ++report_.requests;
    if (!isolate->is_loaded) {
        load(isolate, [this, isolate, request] { attempt(isolate, request); });
        return;
    }
    if (now_ms_ - isolate->refreshed_ms > kFreshMs && !isolate->is_refreshing) refresh(isolate);
    attempt(isolate, request);
}

void Simulation::load(const std::shared_ptr<Isolate>& isolate, std::function<void()> then) {
    after(database_delay(), [this, isolate, then = std::move(then)] {
        if (isolate->is_alive && !database_is_down()) {
            char start[17];
            std::snprintf(start, sizeof start, "%016llx", static_cast<unsigned long long>(isolate->random.next()));
            const keys::WorkingSet set = database_.take(set_limit_, start, now_ms_);
            isolate->ledger.loaded(set);
            for (auto& [id, probes] : isolate->probing) probes = isolate->ledger.knows(id) ? probes : 0;
            isolate->pool.load(set, isolate->clock(now_ms_));
            isolate->is_loaded = true;
            isolate->clock_has_stepped = false;
            isolate->loaded_ms = isolate->refreshed_ms = now_ms_;
            isolate->db_since_ms = now_ms_;
        }
        then();
    });
}

void Simulation::refresh(const std::shared_ptr<Isolate>& isolate) {
    isolate->is_refreshing = true;
    after(database_delay(), [this, isolate] {
        isolate->is_refreshing = false;
        if (!isolate->is_alive || database_is_down()) return;
        keys::Changes changes = database_.changes(isolate->db_since_ms - 5 * kSecondMs, now_ms_);
        isolate->ledger.changed(changes);
        for (auto& [id, probes] : isolate->probing) probes = isolate->ledger.knows(id) ? probes : 0;
        for (const keys::KeyChange& change : changes.keys) {
            if (change.status == "active" || !change.usable) isolate->probing[change.id] = 0;  // decided elsewhere
        }
        if (plant_ == Plant::deaf) {
            const auto rests = [](const keys::KeyChange& change) { return !change.usable; };
            changes.keys.erase(std::remove_if(changes.keys.begin(), changes.keys.end(), rests), changes.keys.end());
        }
        isolate->pool.apply(changes, isolate->clock(now_ms_));
        isolate->clock_has_stepped = false;
        isolate->refreshed_ms = isolate->db_since_ms = now_ms_;
        const bool has_room = isolate->pool.size() < set_limit_;
        const bool is_missed = has_room && std::any_of(changes.keys.begin(), changes.keys.end(), [&](const keys::KeyChange& change) {
            return change.usable && !isolate->pool.contains(change.id);
        });
        if (is_missed || now_ms_ - isolate->loaded_ms > kWholeReloadMs) load(isolate, [] {});
    });
}

void Simulation::check_ticket(Isolate& isolate, const Request& request, const KeyPool::Ticket& ticket) {
    if (std::find(request.tried.begin(), request.tried.end(), ticket.id) != request.tried.end()) violate("a request drew the same key twice");
    if (!isolate.clock_has_stepped) {
        if (const auto objection = isolate.ledger.objection(ticket.id, request.model, now_ms_)) violate(*objection);
    }
    if (isolate.probing[ticket.id] > 0) violate("a key was used while its probe was under way");
    if (ticket.probe) {
        ++report_.probes;
        ++isolate.probing[ticket.id];
    }
}

void Simulation::attempt(const std::shared_ptr<Isolate>& isolate, const std::shared_ptr<Request>& request) {
    if (!isolate->is_alive) {
        ++lost_requests_;
        ++request->answers;
        return;
    }
    const std::vector<std::string> forgotten;
    const KeyPool::Request wish{request->model, request->client, plant_ == Plant::same_key_again ? &forgotten : &request->tried};
    Random fixed(1);
    Random& random = plant_ == Plant::lopsided ? fixed : isolate->random;
    auto ticket = isolate->pool.take(wish, isolate->clock(now_ms_), random);
    if (!ticket) {
        give_up(isolate, request);
        return;
    }
    check_ticket(*isolate, *request, *ticket);
    request->tried.push_back(ticket->id);
    request->has_attempted = true;
    ++report_.attempts;
    auto made = std::make_shared<Attempt>();
    made->isolate = isolate;
    made->request = request;
    made->ticket = std::move(*ticket);
    made->reply = world_.arrive(made->ticket.id, request->model, now_ms_, random_);
    made->latency_ms = made->reply.delay_ms;
    const bool is_stream = random_.below(2) == 0 && made->reply.cause == Cause::fine;
    if (is_stream) {
        after(made->reply.delay_ms, [this, made] {
            if (!made->isolate->is_alive) return;
            std::vector<VerdictRecord> records;
            made->isolate->pool.confirm(made->ticket, made->isolate->clock(now_ms_), records);
            if (made->ticket.probe) made->isolate->probing[made->ticket.id] = 0;
            take_records(made->isolate, std::move(records));
        });
    }
    after(made->reply.delay_ms * (is_stream ? 3 : 1) + 1, [this, made] { complete(made); });
}

void Simulation::give_up(const std::shared_ptr<Isolate>& isolate, const std::shared_ptr<Request>& request) {
    using Kind = KeyPool::Shortage::Kind;
    const KeyPool::Request wish{request->model, request->client, &request->tried};
    const auto shortage = isolate->pool.why_none(wish, isolate->clock(now_ms_));
    const bool is_dry = shortage.kind == Kind::empty || shortage.kind == Kind::all_benched || shortage.kind == Kind::all_tried;
    if (is_dry && !request->has_reloaded && now_ms_ - isolate->loaded_ms > kSecondMs) {
        request->has_reloaded = true;
        load(isolate, [this, isolate, request] { attempt(isolate, request); });
        return;
    }
    if (shortage.kind == Kind::incident) ++report_.failed_fast;
    answer(isolate, request, false);
}

void Simulation::check_records(const Attempt& attempt, const std::vector<VerdictRecord>& records) {
    for (const VerdictRecord& record : records) {
        if (record.until_ms && *record.until_ms > now_ms_ + limits::kLongestBenchMs + kLargestStepMs) violate("a bench is longer than a week");
        if (record.state == State::active) {
            if (record.id != attempt.ticket.id) ++report_.retracted;
            continue;
        }
        ++report_.benches;
        if (record.id != attempt.ticket.id) violate("an attempt benched another key than its own");
        const Cause cause = attempt.reply.cause;
        const bool is_just = record.model.empty() ? blames_key(cause) : blames_pair(cause);
        if (!is_just) violate("a healthy key was benched: " + record.reason);
        if (record.state == State::disabled && cause != Cause::revoked) violate("a healthy key was disabled");
        if (!record.model.empty() && record.model[0] == '*' && cause != Cause::free_tier) violate("a bench of a family without a cause");
    }
}

void Simulation::take_records(const std::shared_ptr<Isolate>& isolate, std::vector<VerdictRecord> records) {
    if (records.empty()) return;
    isolate->ledger.recorded(records);
    isolate->counts.add_verdicts(std::move(records));
    schedule_flush(isolate, 100 * random_.unit());
}

void Simulation::complete(const std::shared_ptr<Attempt>& made) {
    world_.leave(made->ticket.id);
    Isolate& isolate = *made->isolate;
    if (!isolate.is_alive) {
        ++lost_requests_;
        ++made->request->answers;
        return;
    }
    if (made->ticket.probe) isolate.probing[made->ticket.id] = 0;
    const Reply& reply = made->reply;
    verdict::Answer seen;
    seen.transport = reply.transport;
    seen.status = reply.status;
    seen.headers = &reply.headers;
    seen.body = reply.body;
    seen.model = made->request->model;
    seen.in_success = reply.in_success;
    verdict::Verdict verdict = judge(world_.provider(), seen, isolate.clock(now_ms_));
    if (plant_ == Plant::blame_the_key && verdict.blame == verdict::Blame::upstream) {
        verdict.blame = verdict::Blame::key;
        verdict.until_ms = isolate.clock(now_ms_) + kHourMs;
    }
    KeyPool::Outcome outcome;
    outcome.success = reply.cause == Cause::fine;
    outcome.model = made->request->model;
    outcome.latency_ms = made->latency_ms;
    if (!outcome.success) outcome.verdict = &verdict;
    std::vector<VerdictRecord> records;
    isolate.pool.settle(made->ticket, outcome, isolate.clock(now_ms_), records);
    if (reply.cause == Cause::crowded) isolate.probing[made->ticket.id] = 0;  // a cool-off ends a probe as well
    check_records(*made, records);
    take_records(made->isolate, std::move(records));
    isolate.counts.add_attempt(made->ticket.id, outcome.success ? stats::AttemptEnd::success : stats::AttemptEnd::failure, {}, isolate.clock(now_ms_));
    ++counted_attempts_;
    if (outcome.success && is_peace_) ++served_in_peace_[made->ticket.id];
    if (!outcome.success && verdict.retry && made->request->tried.size() < kMaxAttempts) {
        attempt(made->isolate, made->request);
        return;
    }
    answer(made->isolate, made->request, outcome.success);
}

void Simulation::answer(const std::shared_ptr<Isolate>& isolate, const std::shared_ptr<Request>& request, bool succeeded) {
    if (plant_ == Plant::lost_answer && random_.below(500) == 0) return;
    if (++request->answers > 1) violate("a request was answered twice");
    if (succeeded) ++report_.successes;
    else if (is_peace_) ++failed_in_peace_;
    if (!request->has_attempted) return;
    isolate->counts.add_request("", request->model, succeeded ? stats::RequestEnd::success : stats::RequestEnd::failure, {}, isolate->clock(now_ms_));
    ++counted_requests_;
    schedule_flush(isolate, kSecondMs);
}

void Simulation::schedule_flush(const std::shared_ptr<Isolate>& isolate, double delay_ms) {
    if (isolate->flush_is_due) return;
    isolate->flush_is_due = true;
    after(delay_ms, [this, isolate] {
        isolate->flush_is_due = false;
        if (!isolate->is_alive) return;
        if (!isolate->counts.empty()) {
            const std::string id = std::to_string(isolate->number) + "-" + std::to_string(isolate->batches++);
            isolate->outbox.push_back(isolate->counts.cut(id, limits::kMaxUsageRows, isolate->clock(now_ms_)));
        }
        if (!isolate->is_sending) send(isolate);
    });
}

void Simulation::send(const std::shared_ptr<Isolate>& isolate) {
    if (isolate->outbox.empty()) return;
    isolate->is_sending = true;
    after(database_delay(), [this, isolate] {
        if (!isolate->is_alive || isolate->outbox.empty()) return;
        const bool is_lost = database_is_down();
        if (!is_lost) database_.record(isolate->outbox.front(), now_ms_);
        const bool is_acknowledged = !is_lost && random_.below(20) != 0;
        after(database_delay(), [this, isolate, is_acknowledged] {
            isolate->is_sending = false;
            if (!isolate->is_alive || isolate->outbox.empty()) return;
            if (is_acknowledged) isolate->outbox.pop_front();
            send(isolate);
        });
    });
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
    std::int64_t unsent_requests = 0;
    std::int64_t unsent_attempts = 0;
    for (const auto& isolate : isolates_) {
        if (isolate->pool.in_flight() != 0) violate("places are taken though nothing is under way");
        if (!isolate->counts.empty() || !isolate->outbox.empty()) violate("counts were never sent");
    }
    const auto& sums = database_.sums();
    if (sums.requests + lost_counted_requests_ + unsent_requests != counted_requests_) violate("requests were lost or counted twice");
    if (sums.attempts + lost_counted_attempts_ + unsent_attempts != counted_attempts_) violate("attempts were lost or counted twice");
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

}  // namespace

void Report::add(const Report& other) {
    requests += other.requests;
    attempts += other.attempts;
    successes += other.successes;
    benches += other.benches;
    retracted += other.retracted;
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
