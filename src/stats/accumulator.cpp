#include "stats/accumulator.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/limits.hpp"

namespace edgepool::stats {
namespace {

constexpr double kHourMs = 3'600'000;
constexpr double kLongestLatencyMs = 24 * kHourMs;  // a clock that jumped must not spoil a sum

// Moves at most `room` values of `from` to the end of `to`.
template <class Map, class Row>
void move_rows(Map& from, std::vector<Row>& to, std::size_t& room) {
    while (room > 0 && !from.empty()) {
        to.push_back(std::move(from.begin()->second));
        from.erase(from.begin());
        --room;
    }
}

}  // namespace

double hour_start_ms(double now_ms) { return std::floor(now_ms / kHourMs) * kHourMs; }

void Tally::count(bool succeeded, const usage::Usage& usage) {
    ++requests;
    ++(succeeded ? success : failure);
    prompt += usage.prompt;
    completion += usage.completion;
    cached += usage.cached;
    reasoning += usage.reasoning;
    if (usage.estimated) estimated += usage.prompt + usage.completion;
    cost_nano += usage.cost_nano;
}

void Tally::add(const Tally& other) {
    requests += other.requests;
    success += other.success;
    failure += other.failure;
    prompt += other.prompt;
    completion += other.completion;
    cached += other.cached;
    reasoning += other.reasoning;
    estimated += other.estimated;
    cost_nano += other.cost_nano;
}

void Accumulator::add_request(std::string_view token_hash, std::string_view model, RequestEnd end, const usage::Usage& usage, double now_ms,
                              std::optional<double> first_byte_ms) {
    ModelTally& by_model = model_row(model, hour_start_ms(now_ms));
    by_model.count(end == RequestEnd::success, usage);
    if (end == RequestEnd::success && first_byte_ms) {
        by_model.latency_ms += static_cast<std::int64_t>(std::clamp(*first_byte_ms, 0.0, kLongestLatencyMs));
        ++by_model.latency_count;
    }
    add_token_request(token_hash, end, usage, now_ms);
}

void Accumulator::add_token_request(std::string_view token_hash, RequestEnd end, const usage::Usage& usage, double now_ms) {
    if (token_hash.empty()) return;
    TokenTally& by_token = tokens_[std::string(token_hash)];
    by_token.hash = token_hash;
    by_token.count(end == RequestEnd::success, usage);
    by_token.last_used_ms = std::max(by_token.last_used_ms, now_ms);
}

// The row of that model and hour. Names are the clients' own text: past the bound new ones share a row.
ModelTally& Accumulator::model_row(std::string_view model, double hour_ms) {
    const auto key = [&](std::string_view name) { return std::pair(std::string(name), hour_ms); };
    const auto found = models_.find(key(model));
    if (found != models_.end()) return found->second;
    const std::string_view name = models_.size() < limits::kMaxWaitingModelRows ? model : kOtherModels;
    ModelTally& row = models_[key(name)];
    row.model = name;
    row.hour_ms = hour_ms;
    return row;
}

void Accumulator::add_attempt(std::string_view key_id, AttemptEnd end, const usage::Usage& usage, double now_ms) {
    const bool succeeded = end == AttemptEnd::success;
    KeyTally& by_key = keys_[std::string(key_id)];
    by_key.id = key_id;
    by_key.count(succeeded, usage);
    by_key.last_used_ms = std::max(by_key.last_used_ms, now_ms);
    if (succeeded) {
        by_key.last_success_ms = now_ms;
        by_key.fails = 0;
        by_key.fails_reset = true;
    } else {
        by_key.last_failure_ms = now_ms;
        if (end == AttemptEnd::failure) ++by_key.fails;
    }
}

void Accumulator::add_refusal(std::string_view kind) {
    for (RefusalTally& refusal : refusals_) {
        if (refusal.kind != kind) continue;
        ++refusal.count;
        return;
    }
    refusals_.push_back({std::string(kind), 1});
}

void Accumulator::add_verdicts(std::vector<keys::VerdictRecord> verdicts) {
    for (keys::VerdictRecord& verdict : verdicts) {
        const auto key = std::pair(verdict.id, verdict.model);
        const auto found = verdicts_.find(key);
        const bool is_dropped = found == verdicts_.end() ? !verdict.model.empty() && verdicts_.size() >= limits::kMaxWaitingVerdicts
                                                         : verdict.at_ms < found->second.at_ms;
        if (!is_dropped) verdicts_[key] = std::move(verdict);
    }
}

std::size_t Accumulator::rows() const { return models_.size() + tokens_.size() + keys_.size() + verdicts_.size() + refusals_.size(); }

Batch Accumulator::cut(std::string id, std::size_t max_rows, double now_ms) {
    Batch batch;
    batch.id = std::move(id);
    batch.at_ms = now_ms;
    std::size_t room = max_rows;
    const auto refusal_count = static_cast<std::ptrdiff_t>(std::min(room, refusals_.size()));
    batch.refusals.assign(std::make_move_iterator(refusals_.begin()), std::make_move_iterator(refusals_.begin() + refusal_count));
    refusals_.erase(refusals_.begin(), refusals_.begin() + refusal_count);
    room -= batch.refusals.size();
    move_rows(verdicts_, batch.verdicts, room);
    move_rows(models_, batch.models, room);
    move_rows(keys_, batch.keys, room);
    move_rows(tokens_, batch.tokens, room);
    return batch;
}

}  // namespace edgepool::stats
