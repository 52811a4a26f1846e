// Where the response cache keeps its entries: the Workers cache, one in each location, or Redis, one for all (RESPONSE_CACHE_STORE).
// All that differs between the two is here: names, and how a clearing becomes known.
//
// A Workers entry is void when it was made before the clearing; a location learns of that from a note, within kClearingFreshMs.
// A Redis entry carries the number of the provider's generation that was known before its answer was asked for, and is good while that is
// the number in Redis, which is read with the entry; clearing counts it up. So it holds at once and everywhere, and an answer that was under
// way when the cache was cleared is void as well. Only text is kept there (the REST interface speaks JSON): what is not UTF-8 is left out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/exchange.hpp"
#include "app/journey.hpp"

namespace edgepool::app {

inline constexpr double kClearingFreshMs = 30'000;

// Of an entry's text, before the body.
inline constexpr std::size_t kEntryHeadBytes = 1024;

// What is kept under the plan's digest and is not void; nothing when there is none. Error: storage_unavailable or client_gone.
Task<Result<std::optional<std::string>>> find_entry(Exchange& exchange, ProviderState& state, Plan& plan);

// What an entry is kept as, wherever that is.
struct NewEntry {
    std::string name;
    std::int64_t generation = -1;
    std::string text;
};
enum class Keeping : std::uint8_t { kept, left_out, failed };
Task<Keeping> keep_entry(App& app, host::Session& session, ProviderState& state, NewEntry entry);

// All entries of the provider are void from now on, as far as the store reaches. False: the store did not take note.
Task<bool> void_entries(Exchange& exchange, ProviderState& state);

std::string entry_name(const App& app, const Plan& plan);

// "workers" or "redis"; what clearing reaches, as a sentence for people.
std::string_view store_name(config::CacheStore store);
std::string_view reach_of_clearing(config::CacheStore store);

}  // namespace edgepool::app
