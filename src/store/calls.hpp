// The calls of the worker's own path (docs/DATABASE-API.md): arguments out as JSON text, answers in as typed values.
// Decoders accept any whitespace and member order, and refuse what lacks a member that they need.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/token_cache.hpp"
#include "base/error.hpp"
#include "json/dom.hpp"
#include "keys/working_set.hpp"
#include "limits/ledger.hpp"
#include "stats/tally.hpp"

namespace edgepool::store {

// The version of sql/schema.sql that this core needs.
inline constexpr int kSchemaVersion = 3;

struct TokenState {
    auth::Token token;
    limits::Used used;  // of its budgets; all zero without limits
};

struct TakeAnswer {
    keys::WorkingSet set;
    double next_since_ms = 0;          // for the next changes_arguments()
    std::optional<TokenState> token;   // only when a token hash was asked for and is known
    std::uint32_t hint_ms = 0;         // the flush window that the database asks for
};

struct ChangesAnswer {
    keys::Changes changes;
    double next_since_ms = 0;
    std::vector<std::string> token_hashes;  // tokens created, changed or deleted
    bool more_tokens = false;               // and others that could not be told
};

struct RecordAnswer {
    bool applied = false;       // false: this batch had been applied before
    std::uint32_t hint_ms = 0;  // the flush window that the database asks for
    std::vector<std::pair<std::string, limits::Used>> used;  // by the batch's tokens that have limits, this batch included
};

std::string take_arguments(std::string_view provider, std::size_t limit, std::string_view start, std::string_view token_hash);
Result<TakeAnswer> decode_take(const json::Json& answer);

std::string token_arguments(std::string_view provider, std::string_view token_hash);
Result<std::optional<TokenState>> decode_token(const json::Json& answer);

std::string changes_arguments(std::string_view provider, double since_ms, std::size_t limit);
Result<ChangesAnswer> decode_changes(const json::Json& answer);

// `window_ms`: the flush window that this batch was counted in; the database knows the number of isolates by it.
std::string record_arguments(std::string_view provider, const stats::Batch& batch, std::uint32_t window_ms);
Result<RecordAnswer> decode_record(const json::Json& answer);

}  // namespace edgepool::store
