#include "sim/model_database.hpp"

#include <algorithm>

namespace edgepool::sim {

using State = keys::VerdictRecord::State;

bool ModelDatabase::is_usable(const Row& row, double now_ms) const {
    if (row.status == "active") return true;
    return row.status == "failed" && (!row.until_ms || *row.until_ms <= now_ms);
}

std::optional<double> ModelDatabase::next_ms(double now_ms) const {
    std::optional<double> next;
    for (const auto& [id, row] : rows_) {
        if (row.status == "failed" && row.until_ms && *row.until_ms > now_ms) next = std::min(next.value_or(*row.until_ms), *row.until_ms);
    }
    return next;
}

std::int64_t ModelDatabase::usable_count(double now_ms) const {
    return std::count_if(rows_.begin(), rows_.end(), [&](const auto& entry) { return is_usable(entry.second, now_ms); });
}

void ModelDatabase::add_key(const std::string& id, const std::string& secret, double now_ms) {
    Row row;
    row.secret = secret;
    row.updated_ms = now_ms;
    rows_.emplace(id, row);
    gone_.erase(id);
}

void ModelDatabase::remove_key(const std::string& id, double now_ms) {
    rows_.erase(id);
    gone_[id] = now_ms;
    pairs_.erase(pairs_.lower_bound({id, ""}), pairs_.lower_bound({id + "\x7f", ""}));
}

void ModelDatabase::set_key(const std::string& id, bool enabled, double now_ms) {
    Row& row = rows_.at(id);
    row.status = enabled ? "active" : "disabled";
    row.until_ms.reset();
    row.reason = enabled ? "" : "by_hand";
    row.refusals = 0;
    row.at_ms = std::max(row.at_ms, now_ms);
    row.updated_ms = now_ms;
}

keys::WorkingSet ModelDatabase::take(std::size_t limit, const std::string& start, double now_ms) const {
    keys::WorkingSet set;
    set.db_now_ms = now_ms;
    set.total = static_cast<std::int64_t>(rows_.size());
    set.usable = usable_count(now_ms);
    set.next_ms = next_ms(now_ms);
    auto at = rows_.lower_bound(start);
    for (std::size_t seen = 0; seen < rows_.size() && set.keys.size() < limit; ++seen) {
        if (at == rows_.end()) at = rows_.begin();
        const auto& [id, row] = *at++;
        if (!is_usable(row, now_ms)) continue;
        keys::KeyRow key;
        key.id = id;
        key.secret = row.secret;
        key.probation = row.status == "failed";
        key.refusals = row.refusals;
        key.ceiling = row.ceiling;
        key.reason = row.reason;
        for (auto pair = pairs_.lower_bound({id, ""}); pair != pairs_.end() && pair->first.first == id; ++pair) {
            if (pair->second.until_ms > now_ms) {
                set.models.push_back({id, pair->first.second, pair->second.reason, pair->second.until_ms, pair->second.at_ms});
            }
        }
        set.keys.push_back(std::move(key));
    }
    return set;
}

keys::Changes ModelDatabase::changes(double since_ms, double now_ms) const {
    keys::Changes changes;
    changes.db_now_ms = now_ms;
    changes.total = static_cast<std::int64_t>(rows_.size());
    changes.usable = usable_count(now_ms);
    changes.next_ms = next_ms(now_ms);
    for (const auto& [id, row] : rows_) {
        if (row.updated_ms <= since_ms) continue;
        keys::KeyChange change;
        change.id = id;
        change.status = row.status;
        change.reason = row.reason;
        change.usable = is_usable(row, now_ms);
        change.until_ms = row.until_ms;
        change.at_ms = row.at_ms;
        change.refusals = row.refusals;
        change.ceiling = row.ceiling;
        if (change.usable) change.secret = row.secret;
        changes.keys.push_back(std::move(change));
    }
    for (const auto& [id, gone_ms] : gone_) {
        if (gone_ms > since_ms) changes.gone.push_back(id);
    }
    for (const auto& [pair, bench] : pairs_) {
        if (bench.updated_ms > since_ms) changes.models.push_back({pair.first, pair.second, bench.reason, bench.until_ms, bench.at_ms});
    }
    return changes;
}

void ModelDatabase::record_key(const keys::VerdictRecord& verdict, double now_ms) {
    const auto found = rows_.find(verdict.id);
    if (found == rows_.end()) return;
    Row& row = found->second;
    const double at_ms = std::min(verdict.at_ms, now_ms);
    if (at_ms <= row.at_ms && !faults_.older_verdicts_win) return;
    if (at_ms < row.at_ms) at_went_back_ = true;
    row.at_ms = at_ms;
    row.updated_ms = now_ms;
    row.refusals = verdict.refusals;
    row.reason = verdict.reason;
    row.until_ms = verdict.until_ms;
    if (verdict.ceiling) row.ceiling = *verdict.ceiling == 0 ? std::nullopt : verdict.ceiling;
    switch (verdict.state) {
        case State::active: row.status = "active"; break;
        case State::benched: row.status = "failed"; break;
        case State::disabled: row.status = "disabled"; break;
        case State::expired: row.status = "expired"; break;
    }
    if (faults_.benches_for_ever && verdict.state == State::benched) row.until_ms = *row.until_ms + 1e15;
}

void ModelDatabase::record_pair(const keys::VerdictRecord& verdict, double now_ms) {
    if (rows_.count(verdict.id) == 0) return;
    Pair& pair = pairs_[{verdict.id, verdict.model}];
    const double at_ms = std::min(verdict.at_ms, now_ms);
    if (at_ms <= pair.at_ms && !faults_.older_verdicts_win) return;
    pair = {verdict.reason, verdict.state == State::benched ? verdict.until_ms.value_or(at_ms) : at_ms, at_ms, now_ms};
}

void ModelDatabase::record(const stats::Batch& batch, double now_ms) {
    if (!applied_.insert(batch.id).second && !faults_.counts_batches_twice) return;
    for (const stats::ModelTally& row : batch.models) sums_.requests += row.requests;
    for (const stats::KeyTally& row : batch.keys) {
        sums_.attempts += row.requests;
        sums_.attempt_successes += row.success;
    }
    for (const keys::VerdictRecord& verdict : batch.verdicts) {
        if (verdict.model.empty()) record_key(verdict, now_ms);
        else record_pair(verdict, now_ms);
    }
}

}  // namespace edgepool::sim
