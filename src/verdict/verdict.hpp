// From an upstream answer to a verdict: who is to blame, for how long, and what may be done about it. Pure functions of the provider's
// row, the answer and the time; they keep nothing. A status alone is never a verdict: the body decides (docs/VERDICTS.md has the table).
// Times are milliseconds since the epoch by the caller's clock; no bench is longer than limits::kLongestBenchMs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/headers.hpp"
#include "verdict/rule.hpp"

namespace edgepool {
struct Provider;
}

namespace edgepool::verdict {

enum class Transport : std::uint8_t {
    answered,
    timeout,      // no headers, or no first event, in the time for it
    stalled,      // silence in the middle
    out_of_time,  // the pool's own limit for the whole request: nobody's fault
    unreachable,
    cut,
    client_gone,
};

struct Answer {
    Transport transport = Transport::answered;
    int status = 0;
    const Headers* headers = nullptr;  // may be null
    std::string_view body = {};        // at most limits::kMaxErrorBodyBytes of it; may be cut off or not JSON at all
    std::string_view model = {};       // the model that went upstream
    bool in_success = false;           // an error found inside a 200 or in a stream: `body` is that error (whole object or its value)
    std::string_view secret = {};      // the key that was used, so that an answer that quotes it can be masked; never kept
};

struct Verdict {
    Blame blame = Blame::none;
    std::string reason;          // stable, snake_case
    double until_ms = 0;         // 0 = no bench
    double retry_after_ms = 0;   // how long the upstream asked everybody to wait; 0 = it did not say
    bool retry = false;          // another key may do better
    bool refusal = false;        // counts towards the three in a row that disable a key
    bool disable = false;
    bool concurrency = false;    // the key's in-flight ceiling is too high
    bool incident_evidence = false;
    int status = 0;              // the effective one: an error inside a 200 has its own
    std::string model;           // with Blame::key_model: the model, or "*<suffix>" for a family of them
    std::string evidence;        // status and excerpt, masked, at most limits::kMaxEvidenceBytes
};

Verdict judge(const Provider& provider, const Answer& answer, double now_ms);

// What the client may see of an upstream error: the upstream account's name, user id and key are taken out. Everything else passes
// byte for byte. `secret` is the key that was used.
std::string redact_for_client(const Provider& provider, std::string_view body, std::string_view secret = {});

}  // namespace edgepool::verdict
