// Under which name an answer is kept: two requests share it only when they say the same, to the last digit. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/headers.hpp"
#include "provider/provider.hpp"

namespace edgepool::cache {

// Deeper bodies are not cached: each level is walked once more.
inline constexpr std::size_t kMaxCanonicalDepth = 64;

// The same JSON with the members of every object sorted by name and without blanks; numbers and strings stay as they are written, so
// that two texts with one canonical form say the same. nullopt when it nests deeper than kMaxCanonicalDepth, or is no JSON.
std::optional<std::string> canonical_json(std::string_view text);

// Everything that an answer depends on but for whom it is for, as 64 hex digits. `headers`: the client's; those that change an answer
// count, those that only describe the client do not. nullopt as above.
std::optional<std::string> content_digest(const Provider& provider, std::string_view path, std::string_view query, std::string_view model,
                                          const Headers& headers, std::string_view body);

// What an entry is called, as 64 hex digits. `scope`: the hash of the token that it is kept for, or empty for all.
std::string entry_name(std::string_view content_digest, std::string_view scope);

// Where an entry is kept in a cache that knows URLs.
std::string entry_url(std::string_view entry_name);

// Where it is noted when a provider's entries were last declared void.
std::string clearing_url(std::string_view provider_id);

}  // namespace edgepool::cache
