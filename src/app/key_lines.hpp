// Reading lists of keys that people paste, upload or post: which are keys, which are not and why, which are repeated. Nothing is looked up.
// A list is cut into rows once and read in portions, so that memory holds the body, a view and eight bytes per row, and one portion.
// Rows are counted from 1: lines, or the elements of a JSON array.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
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
    std::string_view reason;  // static; never holds the line itself: it may be a key with a blank in it
};

class KeyList {
public:
    enum class Format : std::uint8_t {
        text,  // one key per line; blank lines and lines that begin with '#' are passed over
        csv,   // key,username,expires_at (RFC 3339), the last two may be missing; a heading is passed over; fields may stand in double quotes
        json   // {"keys": ["...", {"key"|"api_key"|"apiKey": "...", "username": "...", "expires_at": "..."}]}
    };

    // `body` must outlive the list. Errors: bad_request when there is no array "keys", or more than limits::kMostImportedKeys rows.
    static Result<KeyList> read(Format format, std::string_view body);

    // The next keys, at most `most`; none at the end of the list. What is no key, or was there before, is noted and passed over.
    std::vector<KeyLine> take(std::size_t most);

    bool at_end() const { return next_ == rows_.size(); }
    std::size_t total() const { return rows_.size(); }
    std::size_t done() const { return next_; }  // rows looked at

    // Of the rows looked at. Of the lines only the first limits::kMostReportedLines are kept.
    std::size_t duplicates() const { return duplicates_; }
    std::size_t invalid() const { return invalid_; }
    const std::vector<std::size_t>& duplicate_lines() const { return duplicate_lines_; }
    const std::vector<BadLine>& bad_lines() const { return bad_lines_; }

private:
    struct Row {
        std::string_view text;
        std::uint32_t line = 0;
    };
    struct Fields {
        std::string key, username, expires_at;
        std::string_view fault;  // why there are none
    };

    explicit KeyList(Format format) : format_(format) {}
    bool cut_lines(std::string_view body);
    Fields fields_of(std::string_view row) const;
    std::string_view fault_of(const Fields& fields, KeyLine& line) const;

    Format format_;
    std::vector<Row> rows_;
    std::size_t next_ = 0;
    std::unordered_set<std::uint64_t> seen_;  // the keys' public ids, which the database tells keys apart by
    std::size_t duplicates_ = 0;
    std::size_t invalid_ = 0;
    std::vector<std::size_t> duplicate_lines_;
    std::vector<BadLine> bad_lines_;
};

// Why `key` cannot be a key, or an empty view when it can.
std::string_view key_fault(std::string_view key);

}  // namespace edgepool::app
