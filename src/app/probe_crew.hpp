// Asking a provider about many keys by its key-information route: a few at a time, for a platform that opens six connections, and no more
// of them in one request than its subrequests allow. What was learnt is the caller's to act on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "app/admin.hpp"
#include "verdict/probe.hpp"

namespace edgepool::app {

struct ProbeJob {
    std::string id;
    std::string secret;
    std::string status;  // as the database has it
    int refusals = 0;
    verdict::ProbeReading reading;
};

// What a page of pool_keys_export asks for.
struct ProbePage {
    std::vector<ProbeJob> jobs;
    std::string cursor;  // where the next page begins; empty at the end
};
ProbePage probe_page(const json::Json& exported);

// Fills in the readings of all jobs, limits::kProbesAtOnce at a time. Tells of its progress with {done, total} for whoever asked for it.
// Error: client_gone; some jobs have no reading then.
Task<Result<std::monostate>> probe_all(Exchange& exchange, AdminCall& call, const ProviderState& state, std::vector<ProbeJob>& jobs);

}  // namespace edgepool::app
