// The database of the tests: the pool_* functions of docs/DATABASE-API.md over tables in memory, as far as the flows need them, behind
// the HTTP of PostgREST. It can be down, slow, wrong or without its schema, and it can do what it was asked and lose the answer.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/calls.hpp"
#include "support/scripted_upstream.hpp"
#include "store/calls.hpp"

namespace edgepool::test {

struct Figures {
    long long requests = 0, success = 0, failure = 0, prompt = 0, completion = 0, estimated = 0, latency_ms = 0, latency_count = 0, cost_nano = 0;
};

struct DatabaseCall {
    double at_ms = 0;
    std::string function;
    std::string body;
    int status = 0;
    std::size_t answer_bytes = 0;
};

struct StoredKey {
    std::string secret;
    std::string username;
    std::string status = "active";
    std::string reason;
    std::string evidence;
    std::optional<double> until_ms;
    std::optional<double> expires_ms;
    double created_ms = 0;
    double at_ms = 0;     // of the newest verdict
    double stamp = 0;     // of the last change
    long long fails = 0, refusals = 0;
    Figures figures;
};

struct StoredToken {
    std::string name;
    std::string hint;
    bool disabled = false;
    std::optional<double> expires_ms;
    double created_ms = 0;
    double stamp = 0;
    std::string limits;  // JSON, or empty
    Figures figures;
    std::string secret_hash;  // once rotated
    std::string old_hash;
    double old_until_ms = 0;
    double day_ms = 0, month_ms = 0;  // what `day` and `month` are of
    Figures day, month;
};

class FakeDatabase {
public:
    enum class Trouble {
        none,
        down,           // no connection
        slow,           // does as asked, answers after a minute
        loses_answers,  // does as asked, the connection breaks
        garbage,        // 200 with what is no JSON
        wrong_shape,    // 200 with JSON of no use
        overloaded,     // 503
        refuses_batches,
        no_functions,   // the schema is missing
        refuses_key     // 401
    };

    FakeDatabase();
    ~FakeDatabase();
    FakeDatabase(const FakeDatabase&) = delete;
    FakeDatabase& operator=(const FakeDatabase&) = delete;

    Reply answer(const Seen& request, double now_ms);

    // Set-up, as if done by another isolate. The default provider's unless another is named.
    std::string add_key(std::string_view secret, double now_ms = 0, std::string_view provider = "ollama");  // its id
    std::string add_token(std::string_view token, std::string_view provider = "ollama", StoredToken row = {});  // its hash
    void change_key(std::string_view secret, double now_ms, StoredKey row, std::string_view provider = "ollama");
    void remove_key(std::string_view secret, double now_ms, std::string_view provider = "ollama");
    void charge_token(std::string_view token, const Figures& figures, double now_ms, std::string_view provider = "ollama");
    void disable_token(std::string_view token, double now_ms, std::string_view provider = "ollama");

    // What there is. Absent = default values.
    Figures totals(std::string_view provider = "ollama") const;
    Figures of_model(std::string_view model, std::string_view provider = "ollama") const;
    Figures of_token(std::string_view token, std::string_view provider = "ollama") const;
    StoredKey key(std::string_view secret, std::string_view provider = "ollama") const;
    Figures of_all_keys(std::string_view provider = "ollama") const;
    long long refusals(std::string_view kind, std::string_view provider = "ollama") const;
    std::size_t key_count(std::string_view provider = "ollama") const;
    std::size_t token_count(std::string_view provider = "ollama") const;
    std::size_t batches_applied() const;
    std::vector<std::string> benched_models(std::string_view secret, std::string_view provider = "ollama") const;

    const std::vector<DatabaseCall>& calls() const { return calls_; }
    std::size_t count(std::string_view function) const;

    Trouble trouble = Trouble::none;
    std::string troubled_function;  // empty = all of them
    std::string missing_tables;     // of this provider
    int version = store::kSchemaVersion;
    std::uint32_t hint_ms = 1'000;
    double housekept_ms = 0;        // when pool_note was last called; 0 = never
    std::string housekeeping;       // what it was told, as JSON
    double clock_skew_ms = 0;       // its clock minus the isolates'

private:
    struct Tables;
    struct Asked;
    Tables& tables(std::string_view provider);
    const Tables& tables(std::string_view provider) const;
    Reply perform(const Asked& asked);

    std::map<std::string, std::unique_ptr<Tables>, std::less<>> providers_;
    std::vector<DatabaseCall> calls_;
};

}  // namespace edgepool::test
