// What an answer says it used: tokens and money. Read from whole answers here, from passing streams by stream/observer.hpp. The
// dialects' counts are brought to one meaning: `cached` is part of `prompt`, `reasoning` is part of `completion`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/dialect.hpp"

namespace edgepool::usage {

struct Usage {
    std::int64_t prompt = 0;      // tokens
    std::int64_t completion = 0;  // tokens
    std::int64_t cached = 0;      // tokens, part of prompt
    std::int64_t reasoning = 0;   // tokens, part of completion
    std::int64_t cost_nano = 0;   // nano-dollars, as the provider reported; 0 when it did not
    bool reported = false;        // the answer itself said so
    bool estimated = false;       // the tokens are estimates

    friend bool operator==(const Usage&, const Usage&) = default;
};

// What a whole JSON answer says, read in one walk; nothing when it is no JSON object.
struct WholeAnswer {
    // The error that a success status hides: a top-level "error" that is not null, a failed response, or a choice that ended with an error.
    // Always an object {"error": ...} around what the upstream wrote, so that it can be judged like any error body; at most about
    // limits::kMaxErrorBodyBytes.
    std::optional<std::string> error;
    Usage usage;                    // `reported` is false when it holds none
    std::uint64_t text_bytes = 0;   // of the generated text, as written in JSON: what an estimate goes by when nothing is reported
    bool is_object = false;         // it is one JSON object
};

WholeAnswer read_whole_answer(Dialect dialect, std::string_view body);

// About four bytes of text a token: close for English and code, up to twofold off for others. Never a reason to bill anyone.
Usage estimate(std::size_t request_text_bytes, std::size_t answer_text_bytes);

// Of an answer that broke off after a report: what came behind it is estimated.
Usage with_unreported_text(Usage reported, std::size_t text_bytes_since);

}  // namespace edgepool::usage
