// Gathers usage as the dialects report it: in one object, or piece by piece over a stream (anthropic). Reports are cumulative: a later
// figure takes the place of an earlier one, except that a zero never displaces a figure.
#pragma once

#include <cstdint>
#include <string_view>

#include "usage/answer_facts.hpp"
#include "usage/usage.hpp"

namespace edgepool::usage {

class UsageParts {
public:
    // Takes what these facts report: a "usage" object, also inside of message_start and of the Responses API's last event; in the ollama
    // dialect its counts. True when they report anything.
    bool take(Dialect dialect, const AnswerFacts& facts);

    Usage total() const;

private:
    bool take_object(std::string_view usage_object);
    void take_details(std::string_view details_object);

    std::int64_t input_ = 0;           // tokens; anthropic's do not include the cached ones
    std::int64_t output_ = 0;          // tokens
    std::int64_t cache_read_ = 0;      // tokens, beside input_
    std::int64_t cache_creation_ = 0;  // tokens, beside input_
    std::int64_t cached_ = 0;          // tokens, part of input_
    std::int64_t reasoning_ = 0;       // tokens
    std::int64_t cost_nano_ = 0;
    bool reported_ = false;
};

// True when this names the last event of a Responses API stream.
bool ends_response(std::string_view type);

}  // namespace edgepool::usage
