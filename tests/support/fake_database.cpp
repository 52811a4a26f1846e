#include "support/fake_database.hpp"

#include <algorithm>

#include "base/sha256.hpp"
#include "provider/provider.hpp"
#include "support/fake_tables.hpp"

namespace edgepool::test {
namespace {

using json::Json;

constexpr double kRoundTripMs = 10;

Reply answered(int status, const Json& body) {
    Reply reply = json_reply(status, json::dump(body));
    reply.head_ms = kRoundTripMs;
    return reply;
}

Reply refused(int status, std::string_view message, std::string_view details = {}) {
    return answered(status, {{"code", "PT" + std::to_string(status)}, {"message", message}, {"details", details}});
}

Reply missing_function(std::string_view function) {
    return answered(404, {{"code", "PGRST202"}, {"message", "Could not find the function public." + std::string(function)}, {"details", nullptr}});
}

}  // namespace

struct FakeDatabase::Asked {
    std::string function;
    Json arguments;
    double now_ms = 0;
};

FakeDatabase::FakeDatabase() {
    for (const Provider& provider : edgepool::providers()) providers_.emplace(provider.id, std::make_unique<Tables>());
}

FakeDatabase::~FakeDatabase() = default;

FakeDatabase::Tables& FakeDatabase::tables(std::string_view provider) { return *providers_.find(provider)->second; }
const FakeDatabase::Tables& FakeDatabase::tables(std::string_view provider) const { return *providers_.find(provider)->second; }

Reply FakeDatabase::answer(const Seen& request, double now_ms) {
    Asked asked;
    asked.function = request.url.substr(request.url.rfind('/') + 1);
    asked.now_ms = now_ms + clock_skew_ms;
    const std::optional<Json> body = json::parse(request.body);
    const bool is_call = body && body->is_object() && body->contains("p");
    if (is_call) asked.arguments = body->at("p");

    const bool is_troubled = troubled_function.empty() || troubled_function == asked.function;
    const Trouble now = is_troubled ? trouble : Trouble::none;
    Reply reply;
    switch (now) {
        case Trouble::down: reply = unreachable(); break;
        case Trouble::garbage: reply = json_reply(200, "<html>not here</html>"); break;
        case Trouble::wrong_shape: reply = json_reply(200, "[1,2,3]"); break;
        case Trouble::overloaded: reply = answered(503, {{"message", "too many connections"}}); break;
        case Trouble::no_functions: reply = missing_function(asked.function); break;
        case Trouble::refuses_key: reply = answered(401, {{"message", "Invalid API key"}}); break;
        case Trouble::refuses_batches: reply = refused(400, "pool_bad_argument", "models[0].requests"); break;
        default:
            reply = is_call ? perform(asked) : answered(400, {{"code", "PGRST102"}, {"message", "Empty or invalid json"}, {"details", nullptr}});
            break;
    }
    if (now == Trouble::slow) reply = reply.slower(60'000);
    if (now == Trouble::loses_answers) reply = reply.cut_after(0);
    calls_.push_back({now_ms, asked.function, request.body, reply.kind == Reply::Kind::answers ? reply.status : 0});
    for (const Piece& piece : reply.pieces) calls_.back().answer_bytes += piece.bytes.size();
    return reply;
}

Reply FakeDatabase::perform(const Asked& asked) {
    const Json& arguments = asked.arguments;
    if (asked.function == "pool_version") {
        Json rows = Json::object();
        for (const auto& [id, tables] : providers_) rows[id] = {{"tables", id == missing_tables ? "missing" : "ok"}};
        const Json note = housekept_ms == 0 ? Json() : Json{{"at_ms", whole(housekept_ms)}, {"content", *json::parse(housekeeping)}};
        return answered(200, {{"version", version}, {"providers", rows}, {"housekeeping", note}});
    }
    if (asked.function == "pool_note") {
        housekept_ms = asked.now_ms;
        housekeeping = json::dump(arguments.value("content", Json()));
        return answered(200, {{"at_ms", whole(asked.now_ms)}});
    }
    const std::string provider = json::get_string(arguments, "provider").value_or("");
    if (!providers_.contains(provider)) return refused(400, "pool_unknown_provider");
    if (provider == missing_tables) return refused(404, "pool_tables_missing");
    Tables& its = tables(provider);
    const double now_ms = asked.now_ms;
    if (asked.function == "pool_take") return answered(200, its.take(arguments, now_ms, hint_ms));
    if (asked.function == "pool_token") return answered(200, its.token(arguments, now_ms));
    if (asked.function == "pool_changes") return answered(200, its.changes(arguments, now_ms));
    if (asked.function == "pool_record") return answered(200, its.record(arguments, now_ms, hint_ms));
    if (asked.function == "pool_public_stats") return answered(200, its.public_stats(now_ms));
    if (asked.function == "pool_trends") return answered(200, its.trends(arguments, now_ms));
    if (asked.function == "pool_reconcile") return answered(200, {{"recorded", arguments.at("rows").size()}});
    if (asked.function == "pool_reconciled") return answered(200, its.reconciled(now_ms));
    if (asked.function == "pool_metrics") return answered(200, its.metrics(now_ms));
    if (asked.function == "pool_prune") return answered(200, {{"hourly", 0}, {"batches", 0}, {"tombstones", 0}});
    if (asked.function == "pool_admin_stats") return answered(200, its.admin_stats(now_ms));
    if (asked.function == "pool_keys_list") return answered(200, its.keys_list(arguments, now_ms));
    if (asked.function == "pool_keys_add") return answered(200, its.keys_add(arguments, now_ms));
    if (asked.function == "pool_keys_remove") return answered(200, its.keys_remove(arguments, now_ms));
    if (asked.function == "pool_keys_set") return answered(200, its.keys_set(arguments, now_ms));
    if (asked.function == "pool_keys_get") return answered(200, its.keys_get(arguments, now_ms));
    if (asked.function == "pool_keys_export") return answered(200, its.keys_export(arguments, now_ms));
    if (asked.function == "pool_audit_list") return answered(200, its.audit_list(arguments));
    if (asked.function == "pool_audit") {
        its.note_action(arguments, now_ms, static_cast<std::int64_t>(number_of(arguments, "affected")));
        return answered(200, {{"noted", true}});
    }
    if (asked.function == "pool_tokens_list") return answered(200, its.tokens_list(arguments, now_ms));
    if (asked.function == "pool_tokens_create") return answered(200, its.tokens_create(arguments, now_ms));
    if (asked.function == "pool_tokens_set") return answered(200, its.tokens_set(arguments, now_ms));
    if (asked.function == "pool_tokens_rotate") return answered(200, its.tokens_rotate(arguments, now_ms));
    if (asked.function == "pool_tokens_remove") return answered(200, its.tokens_remove(arguments, now_ms));
    return missing_function(asked.function);
}

std::string FakeDatabase::add_key(std::string_view secret, double now_ms, std::string_view provider) {
    change_key(secret, now_ms, {}, provider);
    return key_id_of(secret);
}

std::string FakeDatabase::add_token(std::string_view token, std::string_view provider, StoredToken row) {
    const std::string hash = sha256_hex(token);
    row.stamp = tables(provider).next_stamp(0);
    tables(provider).tokens[hash] = std::move(row);
    return hash;
}

void FakeDatabase::change_key(std::string_view secret, double now_ms, StoredKey row, std::string_view provider) {
    row.secret = secret;
    row.at_ms = std::max(row.at_ms, now_ms);
    row.stamp = tables(provider).next_stamp(now_ms);
    tables(provider).keys[key_id_of(secret)] = std::move(row);
}

void FakeDatabase::remove_key(std::string_view secret, double now_ms, std::string_view provider) {
    tables(provider).keys.erase(key_id_of(secret));
    tables(provider).gone[key_id_of(secret)] = tables(provider).next_stamp(now_ms);
}

void FakeDatabase::charge_token(std::string_view token, const Figures& figures, double now_ms, std::string_view provider) {
    charge(tables(provider).tokens[sha256_hex(token)], figures, now_ms);
}

void FakeDatabase::disable_token(std::string_view token, double now_ms, std::string_view provider) {
    StoredToken& row = tables(provider).tokens[sha256_hex(token)];
    row.disabled = true;
    row.stamp = tables(provider).next_stamp(now_ms);
}

Figures FakeDatabase::totals(std::string_view provider) const { return tables(provider).total; }

Figures FakeDatabase::of_model(std::string_view model, std::string_view provider) const {
    Figures sum;
    for (const auto& [row, figures] : tables(provider).hours) {
        if (row.first == model) add(sum, figures);
    }
    return sum;
}

Figures FakeDatabase::of_token(std::string_view token, std::string_view provider) const {
    const auto& tokens = tables(provider).tokens;
    const auto found = tokens.find(sha256_hex(token));
    return found == tokens.end() ? Figures{} : found->second.figures;
}

StoredKey FakeDatabase::key(std::string_view secret, std::string_view provider) const {
    const auto& keys = tables(provider).keys;
    const auto found = keys.find(key_id_of(secret));
    return found == keys.end() ? StoredKey{} : found->second;
}

Figures FakeDatabase::of_all_keys(std::string_view provider) const {
    Figures sum;
    for (const auto& [id, key] : tables(provider).keys) {
        add(sum, key.figures);
    }
    return sum;
}

long long FakeDatabase::refusals(std::string_view kind, std::string_view provider) const {
    const auto& counts = tables(provider).refusals;
    const auto found = counts.find(std::string(kind));
    return found == counts.end() ? 0 : found->second;
}

std::size_t FakeDatabase::key_count(std::string_view provider) const { return tables(provider).keys.size(); }
std::size_t FakeDatabase::token_count(std::string_view provider) const { return tables(provider).tokens.size(); }

std::size_t FakeDatabase::batches_applied() const {
    std::size_t sum = 0;
    for (const auto& [id, tables] : providers_) sum += tables->batches.size();
    return sum;
}

std::vector<std::string> FakeDatabase::benched_models(std::string_view secret, std::string_view provider) const {
    std::vector<std::string> models;
    for (const auto& [pair, bench] : tables(provider).benches) {
        if (pair.first == key_id_of(secret)) models.push_back(pair.second);
    }
    return models;
}

std::size_t FakeDatabase::count(std::string_view function) const {
    return static_cast<std::size_t>(std::count_if(calls_.begin(), calls_.end(), [&](const DatabaseCall& call) { return call.function == function; }));
}

}  // namespace edgepool::test
