// Reading lists of keys that people paste, upload or post: which are keys, which are not and why, which are repeated.
// Pure: nothing is looked up. Lines are counted from 1; of a JSON array, its elements.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace edgepool::app {

struct KeyLine {
    std::size_t line = 0;
    std::string key;
    std::string username;               // may be empty
    std::optional<double> expires_ms;
};

struct BadLine {
    std::size_t line = 0;
    std::string reason;  // never holds the line itself: it may be a key with a blank in it
};

struct KeyLines {
    std::size_t total = 0;       // lines that are not blank
    std::size_t duplicates = 0;  // repeated within the list; the first one counts
    std::vector<KeyLine> keys;
    std::vector<BadLine> invalid;
};

// One key per line; blank lines and lines that begin with '#' are passed over.
KeyLines read_text_lines(std::string_view text);

// key,username,expires_at (RFC 3339); the last two may be missing; a first line that begins with "key" or "api_key" is a heading.
// Fields may stand in double quotes.
KeyLines read_csv_lines(std::string_view text);

// {"keys": ["...", {"key"|"api_key"|"apiKey": "...", "username": "...", "expires_at": "..."}]}
// Errors: bad_request when there is no array "keys".
Result<KeyLines> read_json_keys(std::string_view body);

// Why `key` cannot be a key, or an empty view when it can.
std::string_view key_fault(std::string_view key);

}  // namespace edgepool::app
