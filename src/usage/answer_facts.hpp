// What one JSON object of an answer says to the pool: a whole answer, or one event of a stream. Read in one forward walk, whatever the
// dialect; which of it matters is for the dialect's reader to decide. Keys written with escapes are not recognised: no upstream does so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/dialect.hpp"

namespace edgepool::usage {

// The views are into the object's text and hold values as written; empty when there is none.
struct AnswerFacts {
    std::string_view object;    // all of it
    std::string_view type;      // without its quotes; anthropic and the Responses API name their events so
    std::string_view error;
    std::string_view usage;
    std::string_view message;   // anthropic's message_start wraps the answer in it
    std::string_view response;  // the Responses API wraps the answer in it; ollama's generate writes text into it
    std::string_view choices;
    std::string_view prompt_eval_count;
    std::string_view eval_count;
    bool done = false;           // "done": true
    bool choice_failed = false;  // a finish_reason "error"
    std::uint64_t text_bytes = 0;
};

// nullopt when `object_text` is not one JSON object.
std::optional<AnswerFacts> read_answer_facts(std::string_view object_text);

// The error that these facts hold, as {"error": ...}; nullopt when there is none. `null`, `false` and `""` are none.
std::optional<std::string> error_of(Dialect dialect, const AnswerFacts& facts);

// A chunk of a chat that reports usage and holds no choice: what a client gets only when it asks for it.
bool reports_usage_alone(const AnswerFacts& facts);

// {"error": value}; a value over limits::kMaxErrorBodyBytes becomes a text with its beginning.
std::string wrap_error(std::string_view json_value);

// {"error": "text"}, `text` clipped to that bound.
std::string wrap_error_text(std::string_view text);

}  // namespace edgepool::usage
