// What the pool must know of a client's request body, and where it stands there. Everything else in the body is the client's affair.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "json/scan.hpp"

namespace edgepool::json {

struct RequestFacts {
    std::string model;                  // of the last "model", valid UTF-8; empty when there is none
    std::vector<Range> model_values;    // of every "model": JSON says nothing of duplicates, readers take the last
    std::optional<bool> stream;         // of the last "stream"; nullopt when absent or null
    std::optional<bool> include_usage;  // stream_options.include_usage of the last "stream_options"
    Range stream_options;               // value of the last "stream_options"; empty when there is none
    std::vector<std::string_view> watched;  // the watched names that members have, whatever their case, with values that are not null
    Range object;                       // the body's object with its braces
    bool empty = true;                  // the object has no member
};

// Errors: bad_json; bad_request with param "model" when it is not a string, is longer than limits::kMaxModelBytes, holds control
// characters, or stands there under another case as well (Go's JSON reader, which Ollama uses, would take that one);
// bad_request with param "stream" when it is neither boolean nor null.
// `watched`: names of other members that the caller must know of, in lower case.
Result<RequestFacts> read_request_facts(std::string_view body, std::span<const std::string_view> watched = {});

}  // namespace edgepool::json
