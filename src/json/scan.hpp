// One forward pass over a JSON object (RFC 8259): checks its whole structure and says where some top-level members lie, as byte ranges
// of the document, so that a body can be read and spliced without being parsed into a tree.
// Checked: strings closed, escapes valid, no control characters in strings, brackets matched, commas and colons in place at every
// depth, grammar of literals and numbers, nesting up to limits::kMaxJsonDepth. Not judged: UTF-8, lone surrogates, size of numbers,
// duplicate keys. A byte order mark is refused, as is anything but blanks after the value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace edgepool::json {

// How often looked-for members may occur in one object; more is refused, so that the answer's size is bounded.
inline constexpr std::size_t kMaxFoundMembers = 256;

// Bytes [begin, end) of a document.
struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;

    std::string_view in(std::string_view document) const { return document.substr(begin, end - begin); }
};

// A member as written: the key with its quotes, the value without surrounding blanks.
struct Member {
    Range key;
    Range value;
};

struct Found {
    std::size_t name_index = 0;  // into the names asked for
    Member member;
};

struct ScannedObject {
    Range object;              // with its braces
    std::vector<Found> found;  // every occurrence, in the document's order
    bool empty = true;         // no member at all

    // The value of the last occurrence of that name, as JSON's readers take it; nullopt when there is none.
    std::optional<Range> last(std::size_t name_index) const;
};

enum class Kind : std::uint8_t { object, array, string, number, boolean, null };

// Finds the top-level members whose decoded key is one of `names`. Error: bad_json, "bad JSON at byte 17: ...".
Result<ScannedObject> scan_object(std::string_view text, std::span<const std::string_view> names);

// The same checks for any one JSON value. Error: bad_json.
Result<Range> scan_value(std::string_view text);

// The elements of an array that a scan has accepted, at most `max_count` of them; none when `raw` is no array.
std::vector<std::string_view> elements(std::string_view raw, std::size_t max_count);

// The text of a string as written, quotes included. A lone surrogate becomes U+FFFD; nullopt when `raw` is not one string.
std::optional<std::string> decode_string(std::string_view raw);

// What a value that a scan has accepted is, by its first character.
Kind kind_of(std::string_view raw);

}  // namespace edgepool::json
