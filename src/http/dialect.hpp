// Whose API a request speaks. Errors of ours keep the caller's dialect.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace edgepool {

enum class Dialect : std::uint8_t { openai, anthropic, ollama, admin };

// The JSON body of an error answer, as that dialect's clients read it.
std::string error_body(Dialect dialect, const Error& error);

// What ends a broken stream visibly: an SSE event for openai and anthropic, an NDJSON line for ollama.
std::string stream_error_tail(Dialect dialect, const Error& error);

}  // namespace edgepool
