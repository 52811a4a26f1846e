// What the end of an attempt does to its key.
#include <algorithm>
#include <cmath>

#include "keys/key_pool.hpp"

namespace edgepool::keys {
namespace {

using verdict::Blame;
using verdict::Verdict;

constexpr int kFirstRamp = 2;             // places after the probe; doubled by every success
constexpr int kNoCeiling = 0;             // as a record's ceiling: the stored one goes

std::uint64_t guard_key(std::uint32_t index, std::uint32_t generation) { return (std::uint64_t{generation} << 32) | index; }

double record_time(double db_now_ms, double newest_ms) { return std::max(std::floor(db_now_ms), std::floor(newest_ms) + 1); }

}  // namespace

struct KeyPool::Settling {
    const Ticket& ticket;
    const Outcome& outcome;
    std::uint32_t index;
    bool was_probe;
    double db_now_ms;
    double now_ms;
    std::vector<VerdictRecord>& out;
    std::optional<Suspect> suspect = {};
};

bool KeyPool::free_place(const Ticket& ticket) {
    const auto place = places_.close(ticket.place);
    if (!place || slots_[place->slot].generation != place->slot_generation) return false;
    KeySlot& slot = slots_[place->slot];
    --slot.in_flight;
    list_again(place->slot);
    return slot.phase == Phase::probing && place->probe == slot.probe;
}

std::optional<std::uint32_t> KeyPool::slot_of(const Ticket& ticket) const {
    if (ticket.slot < slots_.size() && slots_[ticket.slot].taken && slots_[ticket.slot].generation == ticket.generation) return ticket.slot;
    const auto found = by_id_.find(ticket.id);  // it may have gone and come back
    return found == by_id_.end() ? std::nullopt : std::optional<std::uint32_t>(found->second);
}

void KeyPool::persist_key(std::uint32_t index, VerdictRecord::State state, std::string evidence, double db_now_ms, std::vector<VerdictRecord>& out) {
    KeySlot& slot = slots_[index];
    slot.at_ms = record_time(db_now_ms, slot.at_ms);
    slot.is_local = true;
    VerdictRecord record;
    record.id = slot.id;
    record.state = state;
    record.at_ms = slot.at_ms;
    record.refusals = slot.refusals;
    record.ceiling = slot.ceiling;
    if (state != VerdictRecord::State::active) {
        record.reason = slot.reason;
        record.evidence = std::move(evidence);
    }
    if (state == VerdictRecord::State::benched) record.until_ms = slot.until_ms;
    out.push_back(std::move(record));
}

void KeyPool::recover(std::uint32_t index, double db_now_ms, std::vector<VerdictRecord>& out) {
    KeySlot& slot = slots_[index];
    slot.refusals = 0;
    slot.has_failed = false;
    slot.reason.clear();
    slot.ramp = kFirstRamp;
    set_phase(index, Phase::open);
    persist_key(index, VerdictRecord::State::active, {}, db_now_ms, out);
}

void KeyPool::confirm(const Ticket& ticket, double now_ms, std::vector<VerdictRecord>& out) {
    if (!ticket.probe || ticket.slot >= slots_.size() || slots_[ticket.slot].generation != ticket.generation) return;
    const KeySlot& slot = slots_[ticket.slot];
    if (slot.phase != Phase::probing || places_.end_probe(ticket.place) != slot.probe) return;
    recover(ticket.slot, database_time(now_ms), out);
}

std::optional<Suspect> KeyPool::settle(const Ticket& ticket, const Outcome& outcome, double now_ms, std::vector<VerdictRecord>& out) {
    const double db_now_ms = database_time(now_ms);
    const bool was_probe = free_place(ticket);
    const auto index = slot_of(ticket);
    if (!index) return std::nullopt;  // the key was deleted meanwhile
    Settling settling{ticket, outcome, *index, was_probe, db_now_ms, now_ms, out};
    if (outcome.success) settle_success(settling);
    else if (outcome.verdict != nullptr) settle_verdict(settling);
    // A probe that decided nothing leaves the decision to the next one.
    if (was_probe && slots_[*index].phase == Phase::probing) set_phase(*index, Phase::half_open);
    return std::move(settling.suspect);
}

void KeyPool::rule(const Suspect& suspect, const verdict::ProbeReading& reading, double now_ms, std::vector<VerdictRecord>& out) {
    const std::optional<VerdictRecord> ruling = ruling_on(suspect, reading);
    if (!ruling || incident(now_ms).active) return;
    const auto found = by_id_.find(suspect.id);
    const bool is_here = found != by_id_.end();
    if (is_here && slots_[found->second].at_ms != suspect.at_ms) return;
    out.push_back(*ruling);
    if (!is_here) return;  // it has left the working set, being benched; the database takes the newer verdict
    KeySlot& slot = slots_[found->second];
    slot.at_ms = ruling->at_ms;
    slot.refusals = ruling->refusals;
    if (ruling->remaining) slot.remaining = ruling->remaining;
    if (ruling->state == VerdictRecord::State::benched) {
        bench(found->second, *ruling->until_ms, ruling->reason, database_time(now_ms));
        return;
    }
    slot.reason = ruling->reason;
    set_phase(found->second, Phase::disabled);
}

void KeyPool::settle_success(Settling& settling) {
    KeySlot& slot = slots_[settling.index];
    guard_.observe_success(guard_key(settling.index, slot.generation), settling.outcome.model, settling.db_now_ms);
    note_result(slot, true, settling.outcome.latency_ms, settling.db_now_ms);
    if (settling.was_probe) {
        recover(settling.index, settling.db_now_ms, settling.out);
        return;
    }
    // One that began before the bench proves nothing about now.
    if (slot.phase != Phase::open) return;
    const bool clears_refusals = slot.refusals > 0 && settling.ticket.taken_ms > slot.refused_at_ms;
    if (clears_refusals) {
        slot.refusals = 0;
        slot.has_failed = false;
    }
    const bool gave_ceiling_up = relax_ceiling(slot, settling.db_now_ms);
    if (slot.ramp > 0) slot.ramp = slot.ramp * 2 >= KeySlot::kFullRamp ? 0 : slot.ramp * 2;
    list_again(settling.index);
    if (!clears_refusals && !gave_ceiling_up) return;
    persist_key(settling.index, VerdictRecord::State::active, {}, settling.db_now_ms, settling.out);
    if (gave_ceiling_up) settling.out.back().ceiling = kNoCeiling;
}

void KeyPool::settle_verdict(Settling& settling) {
    const Verdict& verdict = *settling.outcome.verdict;
    KeySlot& slot = slots_[settling.index];
    switch (verdict.blame) {
        case Blame::none: return;
        case Blame::client:
        case Blame::model:
            // The provider is there and spoke to this key.
            guard_.observe_success(guard_key(settling.index, slot.generation), settling.outcome.model, settling.db_now_ms);
            return;
        case Blame::upstream:
            is_believed(settling);  // blames no key; the guard takes note
            return;
        case Blame::key_model:
            if (is_believed(settling)) settle_pair_verdict(settling);
            return;
        case Blame::key:
        case Blame::account:
            note_result(slot, false, 0, settling.db_now_ms);
            if (is_believed(settling)) settle_key_verdict(settling);
            return;
    }
}

bool KeyPool::is_believed(Settling& settling) {
    const Verdict& verdict = *settling.outcome.verdict;
    if (!verdict.incident_evidence) return true;
    const KeySlot& slot = slots_[settling.index];
    IncidentGuard::Failure failure;
    failure.key = guard_key(settling.index, slot.generation);
    failure.model = settling.outcome.model;
    failure.reason = verdict.reason;
    failure.is_service = verdict.blame == Blame::upstream;
    failure.in_good_standing = !slot.has_failed;
    const IncidentGuard::Ruling ruling = guard_.observe_failure(failure, size(), settling.db_now_ms);
    for (const std::uint64_t key : ruling.retracted) retract(key, verdict.reason, settling.db_now_ms, settling.out);
    return ruling.believe;
}

void KeyPool::retract(std::uint64_t key, std::string_view reason, double db_now_ms, std::vector<VerdictRecord>& out) {
    const auto index = static_cast<std::uint32_t>(key & 0xFFFFFFFFu);
    if (index >= slots_.size() || !slots_[index].taken || guard_key(index, slots_[index].generation) != key) return;
    KeySlot& slot = slots_[index];
    for (PairBench& pair : slot.pairs) {
        if (pair.reason != reason || pair.until_ms <= db_now_ms) continue;
        pair.at_ms = record_time(db_now_ms, pair.at_ms);
        pair.until_ms = db_now_ms;
        VerdictRecord record;
        record.id = slot.id;
        record.model = pair.model;
        record.at_ms = pair.at_ms;
        out.push_back(std::move(record));
    }
    const bool rests = slot.phase == Phase::benched || slot.phase == Phase::disabled;
    if (!rests || !slot.is_local || slot.reason != reason) return;
    slot.refusals = std::max(0, slot.refusals - 1);
    slot.has_failed = false;
    slot.reason.clear();
    set_phase(index, Phase::open);
    persist_key(index, VerdictRecord::State::active, {}, db_now_ms, out);
}

void KeyPool::settle_pair_verdict(Settling& settling) {
    const Verdict& verdict = *settling.outcome.verdict;
    const std::string model = verdict.model.empty() ? std::string(settling.outcome.model) : verdict.model;
    if (verdict.until_ms == 0 || model.empty()) return;
    KeySlot& slot = slots_[settling.index];
    const auto known = std::find_if(slot.pairs.begin(), slot.pairs.end(), [&](const PairBench& pair) { return pair.model == model; });
    const double at_ms = record_time(settling.db_now_ms, known == slot.pairs.end() ? 0 : known->at_ms);
    const double until_ms = std::min(database_time(verdict.until_ms), settling.db_now_ms + limits::kLongestBenchMs);
    bench_pair(slot, {model, verdict.reason, until_ms, at_ms}, settling.db_now_ms);
    VerdictRecord record;
    record.id = slot.id;
    record.model = model;
    record.state = VerdictRecord::State::benched;
    record.reason = verdict.reason;
    record.evidence = verdict.evidence;
    record.until_ms = until_ms;
    record.at_ms = at_ms;
    settling.out.push_back(std::move(record));
}

void KeyPool::settle_key_verdict(Settling& settling) {
    const Verdict& verdict = *settling.outcome.verdict;
    KeySlot& slot = slots_[settling.index];
    // Attempts that ran side by side are refused together: that is one refusal, not several in a row.
    const bool is_news = slot.refusals == 0 || settling.ticket.taken_ms > slot.refused_at_ms;
    if (verdict.refusal && is_news) {
        ++slot.refusals;
        slot.refused_at_ms = settling.db_now_ms;
    }
    slot.has_failed = true;
    const bool is_lowered = verdict.concurrency && lower_ceiling(slot, slot.in_flight + 1, settling.db_now_ms);
    if (slot.phase == Phase::disabled) return;
    if (verdict.disable) {
        slot.reason = verdict.reason;
        set_phase(settling.index, Phase::disabled);
        persist_key(settling.index, VerdictRecord::State::disabled, verdict.evidence, settling.db_now_ms, settling.out);
        return;
    }
    const double until_ms = database_time(verdict.until_ms);
    if (verdict.until_ms == 0 || until_ms <= settling.db_now_ms) return;
    const bool is_short = !verdict.refusal && until_ms - settling.db_now_ms <= KeySlot::kCoolOffMs;
    // One that began before the key was last refused adds nothing to that.
    const bool rests_longer = slot.phase == Phase::benched && (slot.until_ms >= until_ms || (verdict.refusal && !is_news));
    if (!rests_longer) {
        slot.needs_probe = !is_short;
        bench(settling.index, until_ms, verdict.reason, settling.db_now_ms);
    }
    // A cool-off would be over before anybody has read of it; a lower ceiling is worth telling.
    const bool is_worth_telling = is_lowered || (!rests_longer && !is_short);
    if (!is_worth_telling) return;
    persist_key(settling.index, VerdictRecord::State::benched, verdict.evidence, settling.db_now_ms, settling.out);
    const bool is_suspect = verdict.refusal && is_news && slot.refusals >= KeySlot::kRefusalsToDisable;
    if (is_suspect) settling.suspect = Suspect{slot.id, slot.secret, slot.reason, verdict.evidence, slot.refusals, slot.at_ms, slot.until_ms};
}

}  // namespace edgepool::keys
