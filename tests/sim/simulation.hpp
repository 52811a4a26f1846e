// Many isolates with their pools, one database, one provider with its troubles, in virtual time. The product's own code decides
// (keys/, verdict/, stats/); around it everything is seeded, so a seed that fails fails again.
//
// Checked all along: no key is used while benched, disabled or deleted; one probe at a time; never the same key twice in a request; no
// healthy key is benched or disabled; every bench ends within a week; an older verdict never overwrites a newer one; each request is
// answered once. In the end: counters are conserved, and once all troubles are over every healthy key serves again and every request
// succeeds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace edgepool::sim {

// A bug to plant in the harness, so that the checks can be shown to notice.
enum class Plant {
    none,
    deaf,            // benches made elsewhere do not arrive
    endless_bench,   // the database adds ages to benches
    blame_the_key,   // failures of the service bench the key
    double_count,    // a batch sent again counts again
    older_wins,      // the database takes verdicts in the order of arrival
    same_key_again,  // a request forgets which keys it has tried
    lopsided,        // the generator always says the same
    lost_answer,     // now and then a request is never answered
};

struct PlantName {
    const char* name;
    Plant plant;
};
inline constexpr PlantName kPlants[] = {
    {"deaf", Plant::deaf},
    {"endless_bench", Plant::endless_bench},
    {"blame_the_key", Plant::blame_the_key},
    {"double_count", Plant::double_count},
    {"older_wins", Plant::older_wins},
    {"same_key_again", Plant::same_key_again},
    {"lopsided", Plant::lopsided},
    {"lost_answer", Plant::lost_answer},
};

struct Report {
    std::uint64_t requests = 0;
    std::uint64_t attempts = 0;
    std::uint64_t successes = 0;
    std::uint64_t benches = 0;
    std::uint64_t retracted = 0;  // benches taken back by the incident guard
    std::uint64_t disabled = 0;   // by a second opinion
    std::uint64_t probes = 0;
    std::uint64_t failed_fast = 0;  // requests held back by an incident
    std::uint64_t isolates = 0;
    double simulated_ms = 0;
    std::vector<std::string> violations;  // with the seed; the first few of them
    std::uint64_t violation_count = 0;

    void add(const Report& other);
};

Report simulate(std::uint64_t seed, double span_ms, Plant plant);

}  // namespace edgepool::sim
