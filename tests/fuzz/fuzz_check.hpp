// What the fuzz targets share: an assertion that stays in optimised builds, and chunks whose sizes the input itself decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace edgepool::fuzz {

inline void check(bool holds) {
    if (!holds) __builtin_trap();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// Calls `push` with `text` in pieces of 1 to 16 bytes. Each piece is memory of its own, gone after the call.
template <class F>
void push_in_pieces(std::string_view text, F push) {
    std::uint32_t state = static_cast<std::uint32_t>(text.size()) * 2654435761u + 1;
    while (!text.empty()) {
        state = state * 1664525u + 1013904223u;
        const std::string piece(text.substr(0, 1 + (state >> 28)));
        push(std::string_view(piece));
        text.remove_prefix(piece.size());
    }
}

}  // namespace edgepool::fuzz
