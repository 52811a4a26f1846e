// The tables of one provider in the fake database and the functions over them, arguments and answers as JSON trees. Private to
// fake_database.cpp, fake_tables.cpp and fake_administration.cpp.
#pragma once

#include <set>

#include "json/dom.hpp"
#include "support/fake_database.hpp"

namespace edgepool::test {

struct ModelBenchRow {
    std::string reason;
    double until_ms = 0;
    double at_ms = 0;
    double stamp = 0;
};

struct FakeDatabase::Tables {
    using Json = json::Json;

    std::map<std::string, StoredKey> keys;      // by id
    std::map<std::string, StoredToken> tokens;  // by hash
    std::map<std::pair<std::string, std::string>, ModelBenchRow> benches;  // by id and model
    std::map<std::pair<std::string, double>, Figures> hours;               // by model and hour
    std::map<std::string, double> gone;            // ids with their stamp
    std::map<std::string, double> gone_tokens;
    std::set<std::string> batches;
    std::vector<Json> audit;  // entries, oldest first; one per request and action
    Figures total;
    std::map<std::string, long long> refusals;     // by kind
    std::optional<double> updated_ms;
    double last_stamp = 1;

    void note_action(const Json& arguments, double now_ms, std::int64_t affected);
    double next_stamp(double now_ms) { return last_stamp = std::max(last_stamp + 1, now_ms); }

    // fake_tables.cpp: the worker's path
    Json take(const Json& arguments, double now_ms, std::uint32_t window_hint_ms) const;
    Json token(const Json& arguments, double now_ms) const;
    Json changes(const Json& arguments, double now_ms) const;
    Json record(const Json& arguments, double now_ms, std::uint32_t window_hint_ms);
    Json public_stats(double now_ms) const;

    // fake_figures.cpp
    Json trends(const Json& arguments, double now_ms) const;
    Json metrics(double now_ms) const;
    Json reconciled(double now_ms) const;

    // fake_administration.cpp
    Json admin_stats(double now_ms) const;
    Json keys_list(const Json& arguments, double now_ms) const;
    Json keys_add(const Json& arguments, double now_ms);
    Json keys_remove(const Json& arguments, double now_ms);
    Json keys_set(const Json& arguments, double now_ms);
    Json keys_get(const Json& arguments, double now_ms) const;
    Json keys_export(const Json& arguments, double now_ms) const;
    Json audit_list(const Json& arguments) const;
    Json tokens_list(const Json& arguments, double now_ms) const;
    Json tokens_create(const Json& arguments, double now_ms);
    Json tokens_set(const Json& arguments, double now_ms);
    Json tokens_rotate(const Json& arguments, double now_ms);
    Json tokens_remove(const Json& arguments, double now_ms);
};

// Times of the guide's shape: integers.
json::Json whole(double ms);
json::Json whole_or_null(const std::optional<double>& ms);
void add(Figures& to, const Figures& figures);
void write_figures(json::Json& row, const Figures& figures);

// Figures of a token's budgets; null without limits.
json::Json used_of(const StoredToken& token, double now_ms);
void charge(StoredToken& token, const Figures& figures, double now_ms);

// The token that a hash means: its own, or that of a valid secret of its.
std::map<std::string, StoredToken>::const_iterator token_by(const std::map<std::string, StoredToken>& tokens, const std::string& hash, double now_ms);

bool is_usable(const StoredKey& key, double now_ms);
std::string effective_status(const StoredKey& key, double now_ms);
double number_of(const json::Json& row, const char* name);
std::string key_id_of(std::string_view secret);

}  // namespace edgepool::test
