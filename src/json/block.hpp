// Sixteen bytes compared at once: Wasm SIMD, SSE2, or plain C++ where there is neither. And the searches made of it.
// The searches take the block type as a parameter so that the plain one is tested on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace edgepool::json {

// What a comparison of blocks gives: bit i of `mask` is set when byte i satisfied it.
#if defined(__wasm_simd128__)
class VectorBlock {
public:
    explicit VectorBlock(const char* bytes) : v_(wasm_v128_load(bytes)) {}
    VectorBlock equal(char c) const { return VectorBlock(wasm_i8x16_eq(v_, wasm_i8x16_splat(c))); }
    VectorBlock below(char c) const { return VectorBlock(wasm_u8x16_lt(v_, wasm_i8x16_splat(c))); }
    VectorBlock operator|(VectorBlock other) const { return VectorBlock(wasm_v128_or(v_, other.v_)); }
    std::uint32_t mask() const { return static_cast<std::uint32_t>(wasm_i8x16_bitmask(v_)); }

private:
    explicit VectorBlock(v128_t v) : v_(v) {}
    v128_t v_;
};
#elif defined(__SSE2__)
class VectorBlock {
public:
    explicit VectorBlock(const char* bytes) : v_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes))) {}
    VectorBlock equal(char c) const { return VectorBlock(_mm_cmpeq_epi8(v_, _mm_set1_epi8(c))); }
    // Unsigned: v < c exactly when min(v, c - 1) is v. `c` is not 0.
    VectorBlock below(char c) const {
        return VectorBlock(_mm_cmpeq_epi8(_mm_min_epu8(v_, _mm_set1_epi8(static_cast<char>(c - 1))), v_));
    }
    VectorBlock operator|(VectorBlock other) const { return VectorBlock(_mm_or_si128(v_, other.v_)); }
    std::uint32_t mask() const { return static_cast<std::uint32_t>(_mm_movemask_epi8(v_)); }

private:
    explicit VectorBlock(__m128i v) : v_(v) {}
    __m128i v_;
};
#endif

class PlainBlock {
public:
    explicit PlainBlock(const char* bytes) { std::memcpy(bytes_, bytes, sizeof bytes_); }
    PlainBlock equal(char c) const {
        return where([c](unsigned char b) { return b == static_cast<unsigned char>(c); });
    }
    PlainBlock below(char c) const {
        return where([c](unsigned char b) { return b < static_cast<unsigned char>(c); });
    }
    PlainBlock operator|(const PlainBlock& other) const {
        PlainBlock result;
        for (unsigned i = 0; i < 16; ++i) result.bytes_[i] = static_cast<unsigned char>(bytes_[i] | other.bytes_[i]);
        return result;
    }
    std::uint32_t mask() const {
        std::uint32_t bits = 0;
        for (unsigned i = 0; i < 16; ++i) bits |= (bytes_[i] >> 7 & 1u) << i;
        return bits;
    }

private:
    PlainBlock() = default;

    template <class F>
    PlainBlock where(F holds) const {
        PlainBlock result;
        for (unsigned i = 0; i < 16; ++i) result.bytes_[i] = holds(bytes_[i]) ? 0xFF : 0;
        return result;
    }

    unsigned char bytes_[16] = {};
};

#if defined(__wasm_simd128__) || defined(__SSE2__)
using Block = VectorBlock;
#else
using Block = PlainBlock;
#endif

inline constexpr std::ptrdiff_t kBlockBytes = 16;

inline bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// The quotes, backslashes and control characters among the sixteen bytes at `p`: bit i is byte i.
template <class B = Block>
std::uint32_t string_stops(const char* p) {
    const B block(p);
    return (block.equal('"') | block.equal('\\') | block.below(' ')).mask();
}

// The same of 64 bytes.
template <class B = Block>
std::uint64_t string_stops_of_four(const char* p) {
    const std::uint64_t low = string_stops<B>(p) | string_stops<B>(p + 16) << 16;
    const std::uint64_t high = string_stops<B>(p + 32) | string_stops<B>(p + 48) << 16;
    return low | high << 32;
}

inline bool is_string_stop(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

// The first quote, backslash or control character in [p, end), or end.
template <class B = Block>
const char* find_string_stop(const char* p, const char* end) {
    for (; end - p >= kBlockBytes; p += kBlockBytes) {
        const std::uint32_t stops = string_stops<B>(p);
        if (stops != 0) return p + __builtin_ctz(stops);
    }
    while (p != end && !is_string_stop(*p)) ++p;
    return p;
}

// The first byte in [p, end) that is not a JSON blank, or end.
template <class B = Block>
const char* find_not_blank(const char* p, const char* end) {
    for (; end - p >= kBlockBytes; p += kBlockBytes) {
        const B block(p);
        const std::uint32_t other = ~(block.equal(' ') | block.equal('\n') | block.equal('\r') | block.equal('\t')).mask() & 0xFFFFu;
        if (other != 0) return p + __builtin_ctz(other);
    }
    while (p != end && is_blank(*p)) ++p;
    return p;
}

// The first CR or LF in [p, end), or end.
template <class B = Block>
const char* find_line_end(const char* p, const char* end) {
    for (; end - p >= kBlockBytes; p += kBlockBytes) {
        const B block(p);
        const std::uint32_t mask = (block.equal('\n') | block.equal('\r')).mask();
        if (mask != 0) return p + __builtin_ctz(mask);
    }
    while (p != end && *p != '\n' && *p != '\r') ++p;
    return p;
}

}  // namespace edgepool::json
