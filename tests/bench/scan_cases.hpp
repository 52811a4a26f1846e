// What the scan benchmark measures, for the native program and the Wasm module alike: request bodies of a size, and one pass over them by
// the scanner, by the full parser, and (over a stream) by the observer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace edgepool::bench {

enum class Shape : std::uint8_t {
    chat,   // messages of some hundred characters, an escape every sixty, some text beyond ASCII
    tools,  // tool schemas: short keys and values, deep nesting
};

// A valid request body of about `size` bytes; always the same for the same arguments.
std::string request_body(Shape shape, std::size_t size);

// An OpenAI chat stream of that many events, about 220 bytes each, with usage and terminator.
std::string chat_stream(std::size_t events);

// Each returns a figure that depends on the whole input, so that nothing is optimised away. 0 = refused.
std::size_t scan_once(const std::string& body);
std::size_t parse_once(const std::string& body);
std::size_t observe_once(const std::string& stream, std::size_t chunk_bytes);

}  // namespace edgepool::bench
