// The way of a request through an isolate: working set, attempts, verdicts, answer, counts.
#include <algorithm>
#include <cstdio>

#include "sim/simulation_run.hpp"
#include "verdict/verdict.hpp"

namespace edgepool::sim {
namespace {

constexpr std::size_t kMaxAttempts = 4;
constexpr double kFreshMs = 10 * kSecondMs;
constexpr double kWholeReloadMs = 5 * kMinuteMs;
constexpr double kLongestOpinionMs = 20 * kSecondMs;

}  // namespace

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
        if (record.state == State::disabled) violate("a key was disabled without a second opinion");
        if (!record.model.empty() && record.model[0] == '*' && cause != Cause::free_tier) violate("a bench of a family without a cause");
    }
}

void Simulation::seek_second_opinion(const std::shared_ptr<Isolate>& isolate, keys::Suspect suspect) {
    after(kLongestOpinionMs * random_.unit(), [this, isolate, suspect = std::move(suspect)] {
        if (!isolate->is_alive) return;
        const auto key = world_.keys().find(suspect.id);
        if (key == world_.keys().end()) return;
        std::vector<VerdictRecord> records;
        isolate->pool.rule(suspect, world_.tell_about(suspect.id, now_ms_, random_), isolate->clock(now_ms_), records);
        for (const VerdictRecord& record : records) {
            if (record.state == State::disabled && key->second.revoked_ms == 0) violate("a healthy key was disabled");
            if (record.state == State::disabled) ++report_.disabled;
        }
        take_records(isolate, std::move(records));
    });
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
    const std::optional<keys::Suspect> suspect = isolate.pool.settle(made->ticket, outcome, isolate.clock(now_ms_), records);
    if (reply.cause == Cause::crowded) isolate.probing[made->ticket.id] = 0;  // a cool-off ends a probe as well
    check_records(*made, records);
    take_records(made->isolate, std::move(records));
    if (suspect) seek_second_opinion(made->isolate, *suspect);
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

}  // namespace edgepool::sim
