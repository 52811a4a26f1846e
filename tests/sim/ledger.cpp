#include "sim/ledger.hpp"

#include <limits>

namespace edgepool::sim {
namespace {

using State = keys::VerdictRecord::State;

constexpr double kForEver = std::numeric_limits<double>::infinity();
constexpr double kOwnWordCountsMs = 60'000;  // after that the database has had time to learn it
constexpr double kClockToleranceMs = 2'500;

bool covers(const std::string& pattern, const std::string& model) {
    if (pattern.empty() || pattern[0] != '*') return pattern == model;
    const std::string suffix = pattern.substr(1);
    return model.size() >= suffix.size() && model.compare(model.size() - suffix.size(), suffix.size(), suffix) == 0;
}

}  // namespace

void Ledger::hear(Word& word, double at_ms, double rests_until_ms, bool is_own) {
    if (at_ms > word.at_ms) word = {at_ms, rests_until_ms, is_own};
}

void Ledger::loaded(const keys::WorkingSet& set) {
    members_.clear();
    const auto has_lapsed = [&](const Word& word) { return !word.is_own || set.db_now_ms - word.at_ms >= kOwnWordCountsMs; };
    for (const keys::KeyRow& row : set.keys) {
        members_.insert(row.id);
        Word& word = keys_[row.id];
        if (has_lapsed(word)) word.rests_until_ms = 0;
    }
    // What is not in the set is forgotten, own words included: the database speaks for it when it comes back.
    for (auto& [id, word] : keys_) {
        if (members_.count(id) == 0) word = {};
    }
    for (auto& [pair, word] : pairs_) {
        if (members_.count(pair.first) == 0 || has_lapsed(word)) word.rests_until_ms = 0;
    }
    for (const keys::ModelBench& bench : set.models) {
        Word& word = pairs_[{bench.id, bench.model}];
        if (has_lapsed(word)) word = {bench.at_ms, bench.until_ms, false};
    }
}

void Ledger::changed(const keys::Changes& changes) {
    for (const std::string& id : changes.gone) members_.erase(id);
    for (const keys::KeyChange& change : changes.keys) {
        Word& word = keys_[change.id];
        const bool is_withdrawn = !change.usable && change.status != "failed";
        const bool own_word_counts = word.is_own && changes.db_now_ms - word.at_ms < kOwnWordCountsMs;
        if (is_withdrawn && (change.at_ms > word.at_ms || !own_word_counts)) members_.erase(change.id);
        hear(word, change.at_ms, change.usable ? 0 : change.until_ms.value_or(kForEver), false);
    }
    for (const keys::ModelBench& bench : changes.models) hear(pairs_[{bench.id, bench.model}], bench.at_ms, bench.until_ms, false);
}

void Ledger::recorded(const std::vector<keys::VerdictRecord>& records) {
    for (const keys::VerdictRecord& record : records) {
        Word& word = record.model.empty() ? keys_[record.id] : pairs_[{record.id, record.model}];
        const bool rests = record.state != State::active;
        hear(word, record.at_ms, rests ? record.until_ms.value_or(kForEver) : 0, true);
    }
}

std::optional<std::string> Ledger::objection(const std::string& id, const std::string& model, double now_ms) const {
    if (members_.count(id) == 0) return "a key was used that is not in the working set";
    const auto key = keys_.find(id);
    if (key != keys_.end() && key->second.rests_until_ms > now_ms + kClockToleranceMs) return "a key was used while benched";
    for (auto pair = pairs_.lower_bound({id, ""}); pair != pairs_.end() && pair->first.first == id; ++pair) {
        if (covers(pair->first.second, model) && pair->second.rests_until_ms > now_ms + kClockToleranceMs) {
            return "a key was used for a model that it is benched for";
        }
    }
    return std::nullopt;
}

}  // namespace edgepool::sim
