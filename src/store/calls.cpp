#include "store/calls.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "json/writer.hpp"

namespace edgepool::store {
namespace {

using json::Json;
using json::Writer;

tl::unexpected<Error> unreadable(std::string_view what) {
    return fail(ErrorCode::storage_answer_unreadable, "the database's answer lacks " + std::string(what));
}

std::string text_of(const Json& row, const char* name) { return json::get_string(row, name).value_or(std::string()); }

int small_int(const Json& row, const char* name) { return static_cast<int>(json::get_int(row, name).value_or(0)); }

std::optional<double> time_of(const Json& row, const char* name) {
    const auto value = json::get_int(row, name);
    return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
}

std::optional<int> optional_int(const Json& row, const char* name) {
    const auto value = json::get_int(row, name);
    return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}

// quota: {"remaining": 0..1, ...} as probes leave it.
std::optional<double> remaining_of(const Json& row) {
    const auto quota = row.find("quota");
    if (quota == row.end() || !quota->is_object()) return std::nullopt;
    const auto remaining = quota->find("remaining");
    if (remaining == quota->end() || !remaining->is_number()) return std::nullopt;
    return remaining->get<double>();
}

const Json* array_of(const Json& value, const char* name) {
    const auto found = value.find(name);
    return found != value.end() && found->is_array() ? &*found : nullptr;
}

limits::Spent read_spent(const Json& used, const char* requests, const char* tokens, const char* cost_nano) {
    const auto figure = [&](const char* name) { return json::get_int_or_text(used, name).value_or(0); };
    return {figure(requests), figure(tokens), figure(cost_nano)};
}

limits::Used read_used(const Json& row) {
    limits::Used used;
    const auto member = row.find("used");
    if (member == row.end() || !member->is_object()) return used;
    used.day_ms = time_of(*member, "day_ms").value_or(0);
    used.day = read_spent(*member, "day_requests", "day_tokens", "day_cost_nano");
    used.month_ms = time_of(*member, "month_ms").value_or(0);
    used.month = read_spent(*member, "month_requests", "month_tokens", "month_cost_nano");
    return used;
}

std::optional<TokenState> read_token(const Json& row) {
    if (!row.is_object()) return std::nullopt;
    TokenState state;
    auth::Token& token = state.token;
    token.hash = text_of(row, "hash");
    token.name = text_of(row, "name");
    token.disabled = json::get_bool(row, "disabled").value_or(false);
    token.expires_ms = time_of(row, "expires_ms");
    if (token.hash.empty()) return std::nullopt;
    const auto bounds = row.find("limits");
    if (bounds == row.end() || bounds->is_null()) return state;
    const auto read = std::make_shared<limits::TokenLimits>(limits::read_stored_limits(*bounds));
    if (!read->limits_nothing()) token.bounds = read;
    state.used = read_used(row);
    return state;
}

// The flush window that an answer asks for, within the bounds of one.
std::uint32_t read_hint(const Json& answer) {
    const std::int64_t hint_ms = json::get_int(answer, "hint_ms").value_or(limits::kFlushWindowMs);
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(hint_ms, limits::kFlushWindowMs, limits::kLongestFlushWindowMs));
}

std::vector<keys::ModelBench> read_model_benches(const Json& answer, double now_ms) {
    std::vector<keys::ModelBench> benches;
    const Json* rows = array_of(answer, "models");
    if (rows == nullptr) return benches;
    for (const Json& row : *rows) {
        if (!row.is_object()) continue;
        keys::ModelBench bench;
        bench.id = text_of(row, "id");
        bench.model = text_of(row, "model");
        bench.reason = text_of(row, "reason");
        bench.until_ms = time_of(row, "until_ms").value_or(0);
        bench.at_ms = time_of(row, "at_ms").value_or(now_ms);
        benches.push_back(std::move(bench));
    }
    return benches;
}

void write_tally(Writer& out, const stats::Tally& tally) {
    out.add_integer("requests", tally.requests).add_integer("success", tally.success).add_integer("failure", tally.failure);
    out.add_integer("prompt", tally.prompt).add_integer("completion", tally.completion).add_integer("cached", tally.cached);
    out.add_integer("reasoning", tally.reasoning).add_integer("estimated", tally.estimated).add_integer("cost_nano", tally.cost_nano);
}

std::int64_t whole_ms(double ms) { return static_cast<std::int64_t>(ms); }

void write_time(Writer& out, std::string_view name, const std::optional<double>& ms) {
    if (ms) out.add_integer(name, whole_ms(*ms));
}

// PostgreSQL's text holds no NUL, and the other control characters help nobody who reads it.
std::string storable(std::string_view text) {
    std::string out = valid_utf8(text);
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return out;
}

void write_text(Writer& out, std::string_view name, std::string_view text) {
    if (!text.empty()) out.add_string(name, storable(text));
}

const char* state_name(keys::VerdictRecord::State state) {
    switch (state) {
        case keys::VerdictRecord::State::active: return "active";
        case keys::VerdictRecord::State::benched: return "benched";
        case keys::VerdictRecord::State::disabled: return "disabled";
        case keys::VerdictRecord::State::expired: return "expired";
    }
    return "active";
}

void write_verdict(Writer& out, const keys::VerdictRecord& verdict) {
    out.begin_object().add_string("id", verdict.id).add_string("state", state_name(verdict.state));
    out.add_integer("at_ms", whole_ms(verdict.at_ms)).add_integer("refusals", verdict.refusals);
    write_text(out, "model", verdict.model);
    write_text(out, "reason", verdict.reason);
    write_text(out, "evidence", verdict.evidence);
    write_time(out, "until_ms", verdict.until_ms);
    if (verdict.ceiling) out.add_integer("ceiling", *verdict.ceiling);
    if (verdict.remaining) {
        const auto thousandths = static_cast<int>(*verdict.remaining * 1000);
        out.key("quota").begin_object().add_raw("remaining", std::to_string(thousandths) + "e-3").end_object();
    }
    out.end_object();
}

// Begins {"provider": ...}; the caller ends it.
Writer arguments_for(std::string_view provider) {
    Writer out;
    out.begin_object().add_string("provider", provider);
    return out;
}

std::string ended(Writer& out) { return out.end_object().take(); }

}  // namespace

std::string take_arguments(std::string_view provider, std::size_t limit, std::string_view start, std::string_view token_hash) {
    Writer out = arguments_for(provider);
    out.add_integer("limit", static_cast<std::int64_t>(limit)).add_string("start", start);
    if (!token_hash.empty()) out.add_string("token_hash", token_hash);
    return ended(out);
}

Result<TakeAnswer> decode_take(const Json& answer) {
    const auto now_ms = time_of(answer, "now_ms");
    const Json* rows = array_of(answer, "keys");
    if (!now_ms || rows == nullptr) return unreadable("now_ms or keys");
    TakeAnswer take;
    take.set.db_now_ms = *now_ms;
    take.next_since_ms = time_of(answer, "next_since_ms").value_or(0);
    take.hint_ms = read_hint(answer);
    take.set.total = json::get_int(answer, "total").value_or(0);
    take.set.usable = json::get_int(answer, "usable").value_or(0);
    take.set.next_ms = time_of(answer, "next_ms");
    take.set.keys.reserve(rows->size());
    for (const Json& row : *rows) {
        if (!row.is_object()) return unreadable("a key's row");
        keys::KeyRow key;
        key.id = text_of(row, "id");
        key.secret = text_of(row, "key");
        if (key.id.empty() || key.secret.empty()) return unreadable("a key's id");
        key.probation = text_of(row, "state") == "probation";
        key.refusals = small_int(row, "refusals");
        key.fails = small_int(row, "fails");
        key.ceiling = optional_int(row, "ceiling");
        key.remaining = remaining_of(row);
        key.expires_ms = time_of(row, "expires_ms");
        key.reason = text_of(row, "reason");
        take.set.keys.push_back(std::move(key));
    }
    take.set.models = read_model_benches(answer, *now_ms);
    const auto token = answer.find("token");
    if (token != answer.end()) take.token = read_token(*token);
    return take;
}

std::string token_arguments(std::string_view provider, std::string_view token_hash) {
    Writer out = arguments_for(provider);
    out.add_string("token_hash", token_hash);
    return ended(out);
}

Result<std::optional<TokenState>> decode_token(const Json& answer) {
    const auto token = answer.find("token");
    if (token == answer.end()) return unreadable("token");
    return read_token(*token);
}

std::string changes_arguments(std::string_view provider, double since_ms, std::size_t limit) {
    Writer out = arguments_for(provider);
    out.add_integer("since_ms", whole_ms(since_ms)).add_integer("limit", static_cast<std::int64_t>(limit));
    return ended(out);
}

Result<ChangesAnswer> decode_changes(const Json& answer) {
    const auto now_ms = time_of(answer, "now_ms");
    const Json* rows = array_of(answer, "keys");
    if (!now_ms || rows == nullptr) return unreadable("now_ms or keys");
    ChangesAnswer out;
    out.changes.db_now_ms = *now_ms;
    out.next_since_ms = time_of(answer, "next_since_ms").value_or(0);
    out.changes.total = json::get_int(answer, "total").value_or(0);
    out.changes.usable = json::get_int(answer, "usable").value_or(0);
    out.changes.next_ms = time_of(answer, "next_ms");
    out.changes.more = json::get_bool(answer, "more").value_or(false);
    out.more_tokens = json::get_bool(answer, "more_tokens").value_or(out.changes.more);
    for (const Json& row : *rows) {
        if (!row.is_object()) return unreadable("a key's row");
        keys::KeyChange change;
        change.id = text_of(row, "id");
        change.status = text_of(row, "status");
        change.reason = text_of(row, "reason");
        change.usable = json::get_bool(row, "usable").value_or(false);
        change.until_ms = time_of(row, "until_ms");
        change.at_ms = time_of(row, "at_ms").value_or(*now_ms);
        change.refusals = small_int(row, "refusals");
        change.fails = small_int(row, "fails");
        change.ceiling = optional_int(row, "ceiling");
        change.remaining = remaining_of(row);
        change.expires_ms = time_of(row, "expires_ms");
        change.secret = text_of(row, "key");
        out.changes.keys.push_back(std::move(change));
    }
    if (const Json* gone = array_of(answer, "gone")) {
        for (const Json& id : *gone) {
            if (id.is_string()) out.changes.gone.push_back(id.get<std::string>());
        }
    }
    out.changes.models = read_model_benches(answer, *now_ms);
    if (const Json* tokens = array_of(answer, "tokens")) {
        for (const Json& row : *tokens) {
            if (row.is_object()) out.token_hashes.push_back(text_of(row, "hash"));
        }
    }
    return out;
}

std::string record_arguments(std::string_view provider, const stats::Batch& batch, std::uint32_t window_ms) {
    Writer out = arguments_for(provider);
    out.add_string("batch", batch.id).add_integer("at_ms", whole_ms(batch.at_ms)).add_integer("window_ms", window_ms);
    out.key("models").begin_array();
    for (const stats::ModelTally& tally : batch.models) {
        out.begin_object().add_string("model", storable(tally.model)).add_integer("hour_ms", whole_ms(tally.hour_ms));
        write_tally(out, tally);
        out.add_integer("latency_ms", tally.latency_ms).add_integer("latency_count", tally.latency_count);
        out.end_object();
    }
    out.end_array().key("tokens").begin_array();
    for (const stats::TokenTally& tally : batch.tokens) {
        out.begin_object().add_string("hash", tally.hash).add_integer("last_used_ms", whole_ms(tally.last_used_ms));
        write_tally(out, tally);
        out.end_object();
    }
    out.end_array().key("keys").begin_array();
    for (const stats::KeyTally& tally : batch.keys) {
        out.begin_object().add_string("id", tally.id).add_integer("last_used_ms", whole_ms(tally.last_used_ms));
        write_time(out, "last_success_ms", tally.last_success_ms);
        write_time(out, "last_failure_ms", tally.last_failure_ms);
        out.add_integer("fails", tally.fails).add_boolean("fails_reset", tally.fails_reset);
        write_tally(out, tally);
        out.end_object();
    }
    out.end_array().key("verdicts").begin_array();
    for (const keys::VerdictRecord& verdict : batch.verdicts) write_verdict(out, verdict);
    out.end_array().key("refusals").begin_array();
    for (const stats::RefusalTally& refusal : batch.refusals) {
        out.begin_object().add_string("kind", refusal.kind).add_integer("count", refusal.count).end_object();
    }
    out.end_array();
    return ended(out);
}

Result<RecordAnswer> decode_record(const Json& answer) {
    const auto applied = json::get_bool(answer, "applied");
    if (!applied) return unreadable("applied");
    RecordAnswer out;
    out.applied = *applied;
    out.hint_ms = read_hint(answer);
    if (const Json* tokens = array_of(answer, "tokens")) {
        for (const Json& row : *tokens) {
            if (row.is_object() && row.contains("used")) out.used.emplace_back(text_of(row, "hash"), read_used(row));
        }
    }
    return out;
}

}  // namespace edgepool::store
