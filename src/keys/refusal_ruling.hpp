// A key that was refused as often in a row as disables it, and what becomes of it once its provider was asked by the key-information
// route. One bad hour of a provider's gate may refuse good keys three times; what disables a key is that both routes refuse it. Pure.
#pragma once

#include <optional>
#include <string>

#include "keys/working_set.hpp"
#include "verdict/probe.hpp"

namespace edgepool::keys {

struct Suspect {
    std::string id;
    std::string secret;
    std::string reason;    // of its bench
    std::string evidence;  // of the last refusal
    int refusals = 0;
    double at_ms = 0;     // of the bench, which is the newest verdict
    double until_ms = 0;  // of the bench
};

// Refused here as well: disabled. Accepted: the bench of a single refusal, and the count begins anew with it. Spent, expired or not to be
// pooled: that. nullopt when the provider said nothing: the bench stands, and the next refusal has it asked again.
// The record follows the bench at once: whatever has become known since is newer.
std::optional<VerdictRecord> ruling_on(const Suspect& suspect, const verdict::ProbeReading& reading);

}  // namespace edgepool::keys
