// What administration does to the fake database's tables.
#include <algorithm>

#include "base/text.hpp"
#include "support/fake_tables.hpp"

namespace edgepool::test {
namespace {

using json::Json;

std::string masked(const std::string& secret) {
    return secret.size() < 16 ? secret.substr(0, 2) + "..." : secret.substr(0, 6) + "..." + secret.substr(secret.size() - 4);
}

// The page asked for of `found`, each row as row_of() writes it.
template <class Entry, class RowOf>
Json page_of(const std::vector<const Entry*>& found, const Json& arguments, const char* name, RowOf row_of) {
    const auto page = static_cast<std::size_t>(number_of(arguments, "page")), size = static_cast<std::size_t>(number_of(arguments, "page_size"));
    Json shown = Json::array();
    for (std::size_t i = (page - 1) * size; i < found.size() && i < page * size; ++i) shown.push_back(row_of(found[i]->first, found[i]->second));
    return {{"total", found.size()}, {name, shown}};
}

// The ids that a call names, by id or by key.
std::vector<std::string> ids_in(const Json& arguments) {
    std::vector<std::string> ids;
    for (const Json& id : arguments.value("ids", Json::array())) ids.push_back(id.get<std::string>());
    for (const Json& secret : arguments.value("keys", Json::array())) ids.push_back(key_id_of(secret.get<std::string>()));
    return ids;
}

Json key_row(const std::string& id, const StoredKey& key, double now_ms) {
    Json row = {{"id", id},
                {"masked", masked(key.secret)},
                {"username", key.username},
                {"status", effective_status(key, now_ms)},
                {"reason", key.reason.empty() ? Json() : Json(key.reason)},
                {"until_ms", whole_or_null(key.until_ms)},
                {"created_ms", whole(key.created_ms)},
                {"expires_ms", whole_or_null(key.expires_ms)},
                {"fails", key.fails},
                {"refusals", key.refusals},
                {"last_used_ms", nullptr}};
    write_figures(row, key.figures);
    return row;
}

}  // namespace

Json FakeDatabase::Tables::admin_stats(double now_ms) const {
    std::map<std::string, std::int64_t> by_status;
    for (const auto& [id, key] : keys) ++by_status[effective_status(key, now_ms)];
    Json out;
    write_figures(out, total);
    out["total_requests"] = out["requests"];
    out["total_keys"] = keys.size();
    for (const char* status : {"active", "failed", "disabled", "expired"}) out[std::string(status) + "_keys"] = by_status[status];
    out["total_tokens"] = tokens.size();
    return out;
}

Json FakeDatabase::Tables::keys_list(const Json& arguments, double now_ms) const {
    const std::string wanted = json::get_string(arguments, "status").value_or(""), search = json::get_string(arguments, "search").value_or("");
    std::vector<const std::pair<const std::string, StoredKey>*> found;
    for (const auto& entry : keys) {
        const auto& [id, key] = entry;
        if (!wanted.empty() && effective_status(key, now_ms) != wanted) continue;
        if (!search.empty() && !contains_ignoring_case(key.username, ascii_lower(search)) && id.substr(0, search.size()) != search) continue;
        found.push_back(&entry);
    }
    return page_of(found, arguments, "keys", [&](const std::string& id, const StoredKey& key) { return key_row(id, key, now_ms); });
}

Json FakeDatabase::Tables::keys_get(const Json& arguments, double now_ms) const {
    const std::string start = json::get_string(arguments, "id").value_or("");
    const auto found = keys.lower_bound(start);
    if (found == keys.end() || found->first.substr(0, start.size()) != start) return nullptr;
    return key_row(found->first, found->second, now_ms);
}

Json FakeDatabase::Tables::keys_set(const Json& arguments, double now_ms) {
    std::int64_t changed = 0;
    const bool disables = json::get_string(arguments, "status") == "disabled";
    for (const std::string& id : ids_in(arguments)) {
        const auto found = keys.find(id);
        if (found == keys.end()) continue;
        ++changed;
        StoredKey& key = found->second;
        key.status = disables ? "disabled" : "active";
        key.reason = disables ? json::get_string(arguments, "reason").value_or("by_hand") : "";
        key.until_ms = arguments.contains("until_ms") ? std::optional<double>(number_of(arguments, "until_ms")) : std::nullopt;
        key.fails = key.refusals = 0;
        key.at_ms = now_ms;
        key.stamp = next_stamp(now_ms);
    }
    note_action(arguments, now_ms, changed);
    return {{"changed", changed}};
}

Json FakeDatabase::Tables::keys_export(const Json& arguments, double now_ms) const {
    const std::string after = json::get_string(arguments, "after").value_or(""), reason = json::get_string(arguments, "reason").value_or("");
    const auto limit = static_cast<std::size_t>(number_of(arguments, "limit"));
    const std::vector<std::string> ids = ids_in(arguments);
    Json rows = Json::array();
    for (auto at = keys.upper_bound(after); at != keys.end() && rows.size() < limit; ++at) {
        const auto& [id, key] = *at;
        if (!reason.empty() && key.reason != reason) continue;
        if (!ids.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) continue;
        rows.push_back({{"id", id},
                        {"key", key.secret},
                        {"username", key.username},
                        {"status", effective_status(key, now_ms)},
                        {"reason", key.reason},
                        {"refusals", key.refusals},
                        {"created_ms", whole(key.created_ms)},
                        {"expires_ms", whole_or_null(key.expires_ms)}});
    }
    const Json next = rows.size() == limit ? rows.back().at("id") : Json();
    return {{"keys", rows}, {"next", next}};
}

void FakeDatabase::Tables::note_action(const Json& arguments, double now_ms, std::int64_t affected) {
    if (!arguments.contains("audit")) return;
    Json entry = arguments.at("audit");
    for (Json& each : audit) {
        if (each.at("action") != entry.at("action") || each.at("request") != entry.at("request")) continue;
        each["affected"] = each.at("affected").get<std::int64_t>() + affected;
        return;
    }
    entry["affected"] = affected;
    entry["at_ms"] = whole(now_ms);
    audit.push_back(std::move(entry));
}

Json FakeDatabase::Tables::audit_list(const Json& arguments) const {
    const auto page = static_cast<std::size_t>(number_of(arguments, "page")), size = static_cast<std::size_t>(number_of(arguments, "page_size"));
    Json shown = Json::array();
    for (std::size_t i = (page - 1) * size; i < audit.size() && i < page * size; ++i) shown.push_back(audit[audit.size() - 1 - i]);
    return {{"total", audit.size()}, {"entries", shown}};
}

Json FakeDatabase::Tables::keys_add(const Json& arguments, double now_ms) {
    std::int64_t added = 0, existing = 0;
    Json ids = Json::array();
    for (const Json& row : arguments.at("keys")) {
        const std::string secret = json::get_string(row, "key").value_or("");
        ids.push_back(key_id_of(secret));
        const auto [at, is_new] = keys.try_emplace(key_id_of(secret));
        ++(is_new ? added : existing);
        if (!is_new) continue;
        at->second.secret = secret;
        at->second.username = json::get_string(row, "username").value_or("");
        if (row.contains("expires_ms")) at->second.expires_ms = number_of(row, "expires_ms");
        if (arguments.contains("hold")) {
            at->second.status = "disabled";
            at->second.reason = arguments.at("hold").get<std::string>();
        }
        at->second.created_ms = now_ms;
        at->second.stamp = next_stamp(now_ms);
    }
    note_action(arguments, now_ms, added);
    return {{"added", added}, {"existing", existing}, {"duplicates", 0}, {"ids", ids}};
}

Json FakeDatabase::Tables::keys_remove(const Json& arguments, double now_ms) {
    std::int64_t removed = 0;
    for (const std::string& id : ids_in(arguments)) {
        if (keys.erase(id) == 0) continue;
        ++removed;
        gone[id] = next_stamp(now_ms);
    }
    note_action(arguments, now_ms, removed);
    return {{"removed", removed}};
}

Json FakeDatabase::Tables::tokens_list(const Json& arguments, double now_ms) const {
    const std::string search = json::get_string(arguments, "search").value_or("");
    std::vector<const std::pair<const std::string, StoredToken>*> found;
    for (const auto& entry : tokens) {
        if (search.empty() || contains_ignoring_case(entry.second.name, ascii_lower(search))) found.push_back(&entry);
    }
    return page_of(found, arguments, "tokens", [&](const std::string& hash, const StoredToken& token) {
        Json row = {{"hash", hash},
                    {"name", token.name},
                    {"hint", token.hint},
                    {"created_ms", whole(token.created_ms)},
                    {"expires_ms", whole_or_null(token.expires_ms)},
                    {"disabled", token.disabled},
                    {"last_used_ms", nullptr},
                    {"used", used_of(token, now_ms)},
                    {"old_until_ms", token.old_until_ms > now_ms ? whole(token.old_until_ms) : Json()},
                    {"limits", token.limits.empty() ? Json() : *json::parse(token.limits)}};
        write_figures(row, token.figures);
        return row;
    });
}

Json FakeDatabase::Tables::tokens_create(const Json& arguments, double now_ms) {
    const auto [at, is_new] = tokens.try_emplace(json::get_string(arguments, "hash").value_or(""));
    if (is_new) {
        at->second.name = json::get_string(arguments, "name").value_or("");
        at->second.hint = json::get_string(arguments, "hint").value_or("");
        if (arguments.contains("expires_ms")) at->second.expires_ms = number_of(arguments, "expires_ms");
        if (arguments.contains("limits")) at->second.limits = json::dump(arguments.at("limits"));
        at->second.created_ms = now_ms;
        at->second.stamp = next_stamp(now_ms);
    }
    note_action(arguments, now_ms, is_new ? 1 : 0);
    return {{"created", is_new}};
}

Json FakeDatabase::Tables::tokens_set(const Json& arguments, double now_ms) {
    const auto found = token_by(tokens, json::get_string(arguments, "hash").value_or(""), now_ms);
    if (found == tokens.end()) return {{"changed", 0}};
    StoredToken& token = tokens[found->first];
    token.name = json::get_string(arguments, "name").value_or(token.name);
    token.disabled = json::get_bool(arguments, "disabled").value_or(token.disabled);
    if (arguments.contains("expires_ms")) {
        const double expires_ms = number_of(arguments, "expires_ms");
        token.expires_ms = expires_ms == 0 ? std::nullopt : std::optional<double>(expires_ms);
    }
    if (arguments.contains("limits")) token.limits = arguments.at("limits").empty() ? "" : json::dump(arguments.at("limits"));
    token.stamp = next_stamp(now_ms);
    note_action(arguments, now_ms, 1);
    return {{"changed", 1}};
}

Json FakeDatabase::Tables::tokens_rotate(const Json& arguments, double now_ms) {
    const auto found = token_by(tokens, json::get_string(arguments, "hash").value_or(""), now_ms);
    if (found == tokens.end()) return {{"rotated", false}, {"hash", nullptr}, {"name", nullptr}, {"old_until_ms", nullptr}};
    StoredToken& token = tokens[found->first];
    token.old_hash = token.secret_hash.empty() ? found->first : token.secret_hash;
    token.old_until_ms = now_ms + number_of(arguments, "grace_ms");
    token.secret_hash = json::get_string(arguments, "secret_hash").value_or("");
    token.hint = json::get_string(arguments, "hint").value_or("");
    token.stamp = next_stamp(now_ms);
    return {{"rotated", true}, {"hash", found->first}, {"name", token.name}, {"old_until_ms", whole(token.old_until_ms)}};
}

Json FakeDatabase::Tables::tokens_remove(const Json& arguments, double now_ms) {
    const auto found = token_by(tokens, json::get_string(arguments, "hash").value_or(""), now_ms);
    const std::string hash = found == tokens.end() ? std::string() : found->first;
    const std::size_t removed = tokens.erase(hash);
    if (removed > 0) gone_tokens[hash] = next_stamp(now_ms);
    return {{"removed", removed}};
}

}  // namespace edgepool::test
