// Whose API a request speaks. Errors of ours keep the caller's dialect.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace edgepool {

// `responses` is OpenAI's Responses API: its errors are those of `openai`, its streams are its own.
enum class Dialect : std::uint8_t { openai, anthropic, ollama, admin, responses };

inline bool speaks_openai(Dialect dialect) { return dialect == Dialect::openai || dialect == Dialect::responses; }

// "openai", "anthropic", ...
std::string_view dialect_name(Dialect dialect);

// The JSON body of an error answer, as that dialect's clients read it.
std::string error_body(Dialect dialect, const Error& error);

// An error in a stream: an SSE event, for ollama an NDJSON line for ollama. `body`: a JSON object with "error".
std::string stream_error_event(Dialect dialect, std::string_view body);

// What ends a broken stream visibly: such an event, apart from what may have been cut off in the middle. `events_before`: how many have
// passed; the Responses API numbers them from 0.
std::string stream_error_tail(Dialect dialect, const Error& error, std::uint64_t events_before);

}  // namespace edgepool
