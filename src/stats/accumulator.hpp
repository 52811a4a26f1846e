// What has happened since the last batch was cut, for one provider. Pure data: it never talks to anybody.
//
// Invariants
// 1. Every count handed in leaves in exactly one batch.
// 2. A batch that was cut is kept by the caller until it is acknowledged; cutting again never repeats it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stats/tally.hpp"

namespace edgepool::stats {

// How a client's request ended for the client: success = it got the provider's success.
enum class RequestEnd : std::uint8_t { success, failure };

// How an attempt ended for the key that made it. A failure that was not the key's doing counts in its figures, not in its streak.
enum class AttemptEnd : std::uint8_t { success, failure, blameless_failure };

inline constexpr std::string_view kOtherModels = "(other models)";

class Accumulator {
public:
    // One client request that reached a key. `token_hash` may be empty (no token to count for). `first_byte_ms`: how long a success let
    // the client wait for its answer to begin, where that is known. Past limits::kMaxWaitingModelRows further names are counted together,
    // under kOtherModels.
    void add_request(std::string_view token_hash, std::string_view model, RequestEnd end, const usage::Usage& usage, double now_ms,
                     std::optional<double> first_byte_ms = {});

    // The token's share of such a request alone: for one that another provider has answered, and counts.
    void add_token_request(std::string_view token_hash, RequestEnd end, const usage::Usage& usage, double now_ms);

    // One attempt made with a key.
    void add_attempt(std::string_view key_id, AttemptEnd end, const usage::Usage& usage, double now_ms);

    // One request that was refused before a key was tried. `kind`: a name of the table of errors, so there are few.
    void add_refusal(std::string_view kind);

    // Of each key, and of each key's model, the newest is kept: no other counts for the database. Past limits::kMaxWaitingVerdicts those of
    // further models are dropped, and other isolates find out by themselves.
    void add_verdicts(std::vector<keys::VerdictRecord> verdicts);

    bool empty() const { return rows() == 0; }
    std::size_t rows() const;

    // Moves out at most `max_rows` rows.
    Batch cut(std::string id, std::size_t max_rows, double now_ms);

private:
    ModelTally& model_row(std::string_view model, double hour_ms);

    std::map<std::pair<std::string, double>, ModelTally> models_;
    std::map<std::string, TokenTally, std::less<>> tokens_;
    std::map<std::string, KeyTally, std::less<>> keys_;
    std::map<std::pair<std::string, std::string>, keys::VerdictRecord> verdicts_;  // by key and model
    std::vector<RefusalTally> refusals_;
};

// The start of the UTC hour that `now_ms` is in.
double hour_start_ms(double now_ms);

}  // namespace edgepool::stats
