// What may be kept and what may be answered from what was kept. Pure functions of the request and of an entry.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace edgepool::cache {

// A request over this size is not looked up: it is unlikely to come again, and its canonical form is a copy.
inline constexpr std::size_t kMaxCachedRequestBytes = 256u << 10;

// What the client's Cache-Control allows: no-cache = ask anew (and keep), no-store = neither.
struct Directives {
    bool may_look_up = true;
    bool may_keep = true;
};

Directives read_directives(std::string_view cache_control);

enum class Content {
    plain,
    tools,    // the answer may make somebody act: kept only where the operator says so
    stateful  // it stands in a conversation that the provider keeps: never kept
};

// By the body's top-level members; null and empty ones count as absent. `body` is a JSON object.
Content content_of(std::string_view body);

// An answer as it is kept. The views are into the entry's text.
struct Entry {
    double made_ms = 0;
    std::string_view content_type;
    std::string_view body;
};

// Two lines, then the body as it is: text when the body is text.
std::string write_entry(double made_ms, std::string_view content_type, std::string_view body);

// nullopt when the text is no entry.
std::optional<Entry> read_entry(std::string_view text);

}  // namespace edgepool::cache
