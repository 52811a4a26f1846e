#include "support/fake_tables.hpp"

#include <algorithm>
#include <cmath>

#include "base/sha256.hpp"
#include "limits/ledger.hpp"

namespace edgepool::test {
namespace {

using json::Json;

Figures figures_of(const Json& row) {
    const auto figure = [&](const char* name) { return json::get_int_or_text(row, name).value_or(0); };
    return {figure("requests"), figure("success"), figure("failure"), figure("prompt"), figure("completion"), figure("estimated"), figure("latency_ms"), figure("latency_count"), figure("cost_nano")};
}

Json token_value(const std::map<std::string, StoredToken>& tokens, const std::string& hash, double now_ms) {
    const auto found = token_by(tokens, hash, now_ms);
    if (found == tokens.end()) return nullptr;
    const StoredToken& token = found->second;
    const bool is_in_grace = token.old_hash == hash && token.old_until_ms > now_ms;
    if (found->first == hash && !token.secret_hash.empty() && !is_in_grace) return nullptr;
    std::optional<double> expires_ms = token.expires_ms;
    if (token.old_hash == hash) expires_ms = std::min(expires_ms.value_or(token.old_until_ms), token.old_until_ms);
    return {{"hash", found->first}, {"name", token.name}, {"disabled", token.disabled}, {"expires_ms", whole_or_null(expires_ms)},
            {"limits", token.limits.empty() ? Json() : *json::parse(token.limits)}, {"used", used_of(token, now_ms)}};
}

bool was_troubled(const StoredKey& key) { return key.status != "active"; }

Json usable_members(const StoredKey& key) {
    return {{"state", was_troubled(key) ? "probation" : "active"}, {"refusals", key.refusals}, {"fails", key.fails}, {"quota", nullptr},
            {"ceiling", nullptr}, {"reason", key.reason.empty() ? Json() : Json(key.reason)}, {"expires_ms", whole_or_null(key.expires_ms)}};
}

// True when the list was longer than that; now it is not.
bool is_cut(Json& list, std::size_t limit) {
    if (list.size() <= limit) return false;
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(limit), list.end());
    return true;
}

}  // namespace

void add(Figures& to, const Figures& figures) {
    to.requests += figures.requests;
    to.success += figures.success;
    to.failure += figures.failure;
    to.prompt += figures.prompt;
    to.completion += figures.completion;
    to.estimated += figures.estimated;
    to.latency_ms += figures.latency_ms;
    to.latency_count += figures.latency_count;
    to.cost_nano += figures.cost_nano;
}

std::map<std::string, StoredToken>::const_iterator token_by(const std::map<std::string, StoredToken>& tokens, const std::string& hash, double now_ms) {
    return std::find_if(tokens.begin(), tokens.end(), [&](const auto& entry) {
        const StoredToken& token = entry.second;
        return entry.first == hash || token.secret_hash == hash || (token.old_hash == hash && token.old_until_ms > now_ms);
    });
}

void charge(StoredToken& token, const Figures& figures, double now_ms) {
    if (token.day_ms != limits::day_start_ms(now_ms)) token.day = {};
    if (token.month_ms != limits::month_start_ms(now_ms)) token.month = {};
    token.day_ms = limits::day_start_ms(now_ms);
    token.month_ms = limits::month_start_ms(now_ms);
    for (Figures* sum : {&token.figures, &token.day, &token.month}) add(*sum, figures);
}

Json used_of(const StoredToken& token, double now_ms) {
    if (token.limits.empty()) return nullptr;
    const Figures none, &day = token.day_ms == limits::day_start_ms(now_ms) ? token.day : none,
                        &month = token.month_ms == limits::month_start_ms(now_ms) ? token.month : none;
    return {{"day_ms", whole(limits::day_start_ms(now_ms))},
            {"day_requests", std::to_string(day.requests)},
            {"day_tokens", std::to_string(day.prompt + day.completion)},
            {"day_cost_nano", std::to_string(day.cost_nano)},
            {"month_ms", whole(limits::month_start_ms(now_ms))},
            {"month_requests", std::to_string(month.requests)},
            {"month_tokens", std::to_string(month.prompt + month.completion)},
            {"month_cost_nano", std::to_string(month.cost_nano)}};
}

Json whole(double ms) { return static_cast<std::int64_t>(ms); }
Json whole_or_null(const std::optional<double>& ms) { return ms ? whole(*ms) : Json(); }
double number_of(const Json& row, const char* name) { return static_cast<double>(json::get_int_or_text(row, name).value_or(0)); }
std::string key_id_of(std::string_view secret) { return sha256_hex(secret).substr(0, 16); }

void write_figures(Json& row, const Figures& figures) {
    row["requests"] = std::to_string(figures.requests);
    row["success"] = std::to_string(figures.success);
    row["failure"] = std::to_string(figures.failure);
    row["prompt"] = std::to_string(figures.prompt);
    row["completion"] = std::to_string(figures.completion);
    row["estimated"] = std::to_string(figures.estimated);
    row["cost_nano"] = std::to_string(figures.cost_nano);
    for (const char* name : {"cached", "reasoning"}) row[name] = "0";
}

bool is_usable(const StoredKey& key, double now_ms) {
    if (key.expires_ms && *key.expires_ms <= now_ms) return false;
    if (key.status == "active") return true;
    if (key.status == "failed") return !key.until_ms || *key.until_ms <= now_ms;
    return key.status == "disabled" && key.until_ms && *key.until_ms <= now_ms;
}

std::string effective_status(const StoredKey& key, double now_ms) {
    if (key.expires_ms && *key.expires_ms <= now_ms) return "expired";
    return is_usable(key, now_ms) ? "active" : key.status;
}

Json FakeDatabase::Tables::take(const Json& arguments, double now_ms, std::uint32_t window_hint_ms) const {
    const auto limit = static_cast<std::size_t>(number_of(arguments, "limit"));
    std::vector<std::string> ids;
    std::optional<double> next_ms;
    for (const auto& [id, key] : keys) {
        if (is_usable(key, now_ms)) ids.push_back(id);
        else if (key.until_ms) next_ms = std::min(next_ms.value_or(*key.until_ms), *key.until_ms);
    }
    const std::size_t usable = ids.size();
    std::rotate(ids.begin(), std::lower_bound(ids.begin(), ids.end(), json::get_string(arguments, "start").value_or("")), ids.end());
    ids.resize(std::min(limit, ids.size()));
    Json rows = Json::array(), models = Json::array();
    for (const std::string& id : ids) {
        Json row = usable_members(keys.at(id));
        row["id"] = id;
        row["key"] = keys.at(id).secret;
        rows.push_back(std::move(row));
        for (const auto& [pair, bench] : benches) {
            if (pair.first != id || bench.until_ms <= now_ms) continue;
            models.push_back({{"id", id}, {"model", pair.second}, {"reason", bench.reason}, {"until_ms", whole(bench.until_ms)}});
        }
    }
    return {{"now_ms", whole(now_ms)},   {"next_since_ms", whole(last_stamp)}, {"hint_ms", window_hint_ms}, {"total", keys.size()}, {"usable", usable},
            {"next_ms", whole_or_null(next_ms)}, {"keys", rows}, {"models", models},
            {"token", token_value(tokens, json::get_string(arguments, "token_hash").value_or(""), now_ms)}};
}

Json FakeDatabase::Tables::token(const Json& arguments, double now_ms) const {
    return {{"now_ms", whole(now_ms)}, {"token", token_value(tokens, json::get_string(arguments, "token_hash").value_or(""), now_ms)}};
}

Json FakeDatabase::Tables::changes(const Json& arguments, double now_ms) const {
    const double since_ms = number_of(arguments, "since_ms");
    const auto limit = static_cast<std::size_t>(number_of(arguments, "limit"));
    Json rows = Json::array(), lost = Json::array(), models = Json::array(), changed_tokens = Json::array();
    std::size_t usable = 0;
    for (const auto& [id, key] : keys) {
        usable += is_usable(key, now_ms) ? 1 : 0;
        if (key.stamp <= since_ms) continue;
        Json row = usable_members(key);
        row["id"] = id;
        row["status"] = effective_status(key, now_ms);
        row["usable"] = is_usable(key, now_ms);
        row["until_ms"] = whole_or_null(key.until_ms);
        row["at_ms"] = whole(key.at_ms);
        row["key"] = is_usable(key, now_ms) ? Json(key.secret) : Json();
        rows.push_back(std::move(row));
    }
    for (const auto& [id, stamp] : gone) {
        if (stamp > since_ms) lost.push_back(id);
    }
    for (const auto& [pair, bench] : benches) {
        if (bench.stamp <= since_ms) continue;
        models.push_back({{"id", pair.first}, {"model", pair.second}, {"reason", bench.reason}, {"until_ms", whole(bench.until_ms)},
                          {"at_ms", whole(bench.at_ms)}});
    }
    for (const auto& [hash, row] : tokens) {
        if (row.stamp > since_ms) changed_tokens.push_back({{"hash", hash}});
    }
    for (const auto& [hash, stamp] : gone_tokens) {
        if (stamp > since_ms) changed_tokens.push_back({{"hash", hash}});
    }
    const bool more_tokens = is_cut(changed_tokens, limit);
    bool more = more_tokens;
    for (Json* list : {&rows, &lost, &models}) more = is_cut(*list, limit) || more;
    return {{"now_ms", whole(now_ms)}, {"next_since_ms", whole(last_stamp)}, {"total", keys.size()}, {"usable", usable}, {"next_ms", nullptr},
            {"more", more}, {"more_tokens", more_tokens}, {"keys", rows}, {"gone", lost}, {"models", models}, {"tokens", changed_tokens}};
}

Json FakeDatabase::Tables::record(const Json& arguments, double now_ms, std::uint32_t window_hint_ms) {
    const bool is_new = batches.insert(json::get_string(arguments, "batch").value_or("")).second;
    if (is_new) {
        for (const Json& row : arguments.at("models")) {
            const Figures figures = figures_of(row);
            add(hours[{json::get_string(row, "model").value_or(""), number_of(row, "hour_ms")}], figures);
            add(total, figures);
        }
        for (const Json& row : arguments.at("tokens")) {
            const auto found = tokens.find(json::get_string(row, "hash").value_or(""));
            if (found != tokens.end()) charge(found->second, figures_of(row), number_of(arguments, "at_ms"));
        }
        for (const Json& row : arguments.at("keys")) {
            const auto found = keys.find(json::get_string(row, "id").value_or(""));
            if (found == keys.end()) continue;
            add(found->second.figures, figures_of(row));
            const auto fails = json::get_int(row, "fails").value_or(0);
            found->second.fails = json::get_bool(row, "fails_reset").value_or(false) ? fails : found->second.fails + fails;
        }
        for (const Json& row : arguments.at("verdicts")) {
            const std::string id = json::get_string(row, "id").value_or("");
            const auto found = keys.find(id);
            if (found == keys.end()) continue;
            const double at_ms = std::min(number_of(row, "at_ms"), now_ms);
            const std::string state = json::get_string(row, "state").value_or("");
            if (const auto model = json::get_string(row, "model")) {
                ModelBenchRow& bench = benches[{id, *model}];
                if (bench.at_ms >= at_ms) continue;
                bench = {json::get_string(row, "reason").value_or(""), state == "active" ? now_ms : number_of(row, "until_ms"), at_ms, next_stamp(now_ms)};
                continue;
            }
            StoredKey& key = found->second;
            if (key.at_ms >= at_ms) continue;
            key.status = state == "benched" ? "failed" : state;
            key.reason = json::get_string(row, "reason").value_or("");
            key.evidence = json::get_string(row, "evidence").value_or("");
            key.until_ms = row.contains("until_ms") ? std::optional<double>(number_of(row, "until_ms")) : std::nullopt;
            key.refusals = json::get_int(row, "refusals").value_or(0);
            key.at_ms = at_ms;
            key.stamp = next_stamp(now_ms);
        }
        for (const Json& row : arguments.at("refusals")) {
            refusals[json::get_string(row, "kind").value_or("")] += json::get_int(row, "count").value_or(0);
        }
        updated_ms = now_ms;
    }
    Json used = Json::array();
    for (const Json& row : arguments.at("tokens")) {
        const auto found = tokens.find(json::get_string(row, "hash").value_or(""));
        if (found != tokens.end() && !found->second.limits.empty()) used.push_back({{"hash", found->first}, {"used", used_of(found->second, now_ms)}});
    }
    return {{"applied", is_new}, {"hint_ms", window_hint_ms}, {"now_ms", whole(now_ms)}, {"tokens", used}};
}

Json FakeDatabase::Tables::public_stats(double now_ms) const {
    constexpr double kHour = 3'600'000;
    std::map<std::string, Figures> by_model;
    std::map<double, Figures> by_hour;
    const double this_hour = std::floor(now_ms / kHour) * kHour;
    for (int i = 23; i >= 0; --i) by_hour[this_hour - i * kHour];
    for (const auto& [row, figures] : hours) {
        add(by_model[row.first], figures);
        if (by_hour.contains(row.second)) add(by_hour[row.second], figures);
    }
    Json models = Json::array(), trend = Json::array();
    for (const auto& [model, figures] : by_model) {
        Json row = {{"model", model}};
        write_figures(row, figures);
        models.push_back(std::move(row));
    }
    for (const auto& [start_ms, figures] : by_hour) {
        Json row = {{"start_ms", whole(start_ms)}};
        write_figures(row, figures);
        trend.push_back(std::move(row));
    }
    const auto active = std::count_if(keys.begin(), keys.end(), [&](const auto& entry) { return is_usable(entry.second, now_ms); });
    return {{"now_ms", whole(now_ms)}, {"total_requests", std::to_string(total.requests)}, {"success", std::to_string(total.success)},
            {"failure", std::to_string(total.failure)}, {"updated_ms", whole_or_null(updated_ms)}, {"total_keys", keys.size()},
            {"active_keys", active}, {"failed_keys", keys.size() - static_cast<std::size_t>(active)}, {"top_models", models},
            {"recent_models", models}, {"hours", trend}};
}

}  // namespace edgepool::test
