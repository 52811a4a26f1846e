// What the fuzz targets share: an assertion that stays in optimised builds, chunks whose sizes the input itself decides, and an input that
// is read as a list of choices.
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

// The input as a source of small numbers and texts. When it is used up it gives zeros and empty texts.
class Choices {
public:
    Choices(const std::uint8_t* data, std::size_t size) : rest_(text_of(data, size)) {}

    bool is_empty() const { return rest_.empty(); }

    std::uint8_t byte() {
        if (rest_.empty()) return 0;
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }

    // Below `end`.
    std::size_t below(std::size_t end) { return byte() % end; }

    std::uint32_t word() {
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i) value = value << 8 | byte();
        return value;
    }

    // A length byte or, when that is 255, all that is left; then the text.
    std::string_view text() {
        const std::size_t length = byte();
        const std::string_view found = rest_.substr(0, length == 255 ? rest_.size() : length);
        rest_.remove_prefix(found.size());
        return found;
    }

private:
    std::string_view rest_;
};

}  // namespace edgepool::fuzz
