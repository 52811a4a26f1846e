#include "keys/incident_guard.hpp"

#include <algorithm>

#include "keys/affinity_ring.hpp"

namespace edgepool::keys {
namespace {

constexpr std::size_t kOfEachModel = 2;  // failures of this and of other models from which it is the provider as a whole

constexpr std::uint64_t kServiceKind = 1;

std::uint64_t kind_of(const IncidentGuard::Failure& failure) { return failure.is_service ? kServiceKind : mix_hash(failure.reason) | 2; }

std::size_t keys_needed(bool is_service, std::size_t pool_size) {
    if (is_service) return std::clamp<std::size_t>(pool_size, 1, IncidentGuard::kServiceKeys);
    return std::clamp<std::size_t>(pool_size / 2, IncidentGuard::kRefusedKeys, IncidentGuard::kMostRefusedKeys);
}

}  // namespace

void IncidentGuard::remember(const Entry& entry) {
    entries_[next_entry_] = entry;
    next_entry_ = (next_entry_ + 1) % entries_.size();
}

IncidentGuard::Tally IncidentGuard::tally(std::uint64_t kind, std::optional<std::uint64_t> model, double window_ms, double now_ms) const {
    Tally out;
    std::array<std::uint64_t, kRemembered> keys{};
    for (const Entry& entry : entries_) {
        const bool is_recent = entry.at_ms > 0 && entry.at_ms <= now_ms && now_ms - entry.at_ms <= window_ms;
        if (!is_recent || (model && entry.model != *model)) continue;
        ++out.attempts;
        if (entry.kind != kind || !entry.is_evidence) continue;
        ++out.alike;
        if (std::find(keys.begin(), keys.begin() + out.keys, entry.key) == keys.begin() + out.keys) keys[out.keys++] = entry.key;
    }
    return out;
}

std::vector<std::uint64_t> IncidentGuard::keys_of(std::uint64_t kind, double window_ms, double now_ms) const {
    std::vector<std::uint64_t> keys;
    for (const Entry& entry : entries_) {
        if (entry.at_ms > 0 && entry.at_ms <= now_ms && now_ms - entry.at_ms <= window_ms && entry.kind == kind) keys.push_back(entry.key);
    }
    return keys;
}

bool IncidentGuard::is_over(const Incident& incident, double now_ms) const {
    // A clock that was set back ends it as well: better to look again than to wait for a time that is far away.
    return now_ms - incident.latest_ms > kForgetMs || incident.latest_ms - now_ms > kLongestPauseMs;
}

IncidentGuard::Incident* IncidentGuard::find(std::string_view model, bool is_service, double now_ms) {
    for (Incident& incident : incidents_) {
        if (incident.is_service == is_service && !is_over(incident, now_ms) && (incident.model.empty() || incident.model == model)) return &incident;
    }
    return nullptr;
}

IncidentGuard::Ruling IncidentGuard::observe_failure(const Failure& failure, std::size_t pool_size, double now_ms) {
    Ruling ruling;
    const std::uint64_t kind = kind_of(failure);
    if (!failure.is_service && kind == believed_kind_) return ruling;
    const bool is_evidence = failure.is_service || failure.in_good_standing;
    remember({now_ms, failure.key, mix_hash(failure.model), kind, is_evidence});

    Incident* known = find(failure.model, failure.is_service, now_ms);
    if (known != nullptr && !known->model.empty()) {
        // One model's incident becomes the provider's when another model fails as well: judged below.
        known->latest_ms = now_ms;
    } else if (known != nullptr) {
        known->latest_ms = now_ms;
        known->reason = failure.reason;
        if (!failure.is_service && now_ms - known->since_ms > kPatienceMs) {
            believed_kind_ = kind;
            incidents_.erase(incidents_.begin() + (known - incidents_.data()));
            return ruling;
        }
        ruling.believe = failure.is_service;
        return ruling;
    }

    const double window_ms = failure.is_service ? kServiceWindowMs : kRefusalWindowMs;
    const std::size_t needed_keys = keys_needed(failure.is_service, pool_size);
    const auto trips = [&](const Tally& seen) {
        const std::size_t needed = failure.is_service ? kServiceFailures : kRefusedKeys;
        return seen.alike >= needed && seen.keys >= needed_keys && static_cast<double>(seen.alike) >= kShareAlike * static_cast<double>(seen.attempts);
    };
    const Tally everywhere = tally(kind, std::nullopt, window_ms, now_ms);
    const Tally here = tally(kind, mix_hash(failure.model), window_ms, now_ms);
    const bool models_differ = here.alike >= kOfEachModel && everywhere.alike - here.alike >= kOfEachModel;
    const bool whole = trips(everywhere) && (models_differ || !failure.is_service);
    const bool one_model = failure.is_service && known == nullptr && trips(here);
    if (!whole && !one_model) return ruling;

    incidents_.erase(std::remove_if(incidents_.begin(), incidents_.end(), [&](const Incident& incident) { return is_over(incident, now_ms); }),
                     incidents_.end());
    if (incidents_.size() >= kMostIncidents) return ruling;
    Incident incident;
    incident.model = whole ? std::string() : std::string(failure.model);
    incident.reason = failure.reason;
    incident.is_service = failure.is_service;
    incident.since_ms = incident.latest_ms = now_ms;
    incident.next_probe_ms = now_ms + incident.pause_ms;
    // The provider's incident comes before the models', which it contains.
    incidents_.insert(whole ? incidents_.begin() : incidents_.end(), std::move(incident));
    if (!failure.is_service) {
        ruling.believe = false;
        ruling.retracted = keys_of(kind, window_ms, now_ms);
    }
    return ruling;
}

void IncidentGuard::observe_success(std::uint64_t key, std::string_view model, double now_ms) {
    remember({now_ms, key, mix_hash(model), 0, false});
    believed_kind_ = 0;
    if (incidents_.empty()) return;
    incidents_.erase(std::remove_if(incidents_.begin(), incidents_.end(),
                                    [&](const Incident& incident) { return incident.model.empty() || incident.model == model; }),
                     incidents_.end());
    // What failed before the recovery is no evidence for another incident.
    for (Entry& entry : entries_) {
        if (entry.kind != 0) entry.at_ms = 0;
    }
}

bool IncidentGuard::admits(std::string_view model, double now_ms) {
    bool admitted = true;
    for (Incident& incident : incidents_) {
        if (is_over(incident, now_ms) || (!incident.model.empty() && incident.model != model)) continue;
        if (now_ms < incident.next_probe_ms && incident.next_probe_ms - now_ms <= kLongestPauseMs) {
            admitted = false;
            continue;
        }
        if (!admitted) continue;
        incident.pause_ms = std::min(incident.pause_ms * 1.5, kLongestPauseMs);
        incident.next_probe_ms = now_ms + incident.pause_ms;
    }
    return admitted;
}

IncidentState IncidentGuard::blocking(std::string_view model, double now_ms) const {
    for (const Incident& incident : incidents_) {
        if (is_over(incident, now_ms) || (!incident.model.empty() && incident.model != model)) continue;
        return {true, incident.model, incident.reason, incident.since_ms, incident.next_probe_ms};
    }
    return {};
}

IncidentState IncidentGuard::state(double now_ms) const {
    for (const Incident& incident : incidents_) {
        if (!is_over(incident, now_ms)) return {true, incident.model, incident.reason, incident.since_ms, incident.next_probe_ms};
    }
    return {};
}

}  // namespace edgepool::keys
