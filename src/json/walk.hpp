// The automaton behind every reader of JSON in the core: walks one document forward, checks it as scan.hpp promises and tells a visitor
// of the members it passes. A visitor has
//   static constexpr bool kNested;                                       also tell of members below the top level
//   const char* member(std::size_t depth, std::string_view key, Range value);   nullptr = go on, else what is wrong with it
// `key` is as written, with its quotes. The top level (depth 1) tells of every member once its value has ended; below, only members
// whose value is no object or array are told. Nothing recurses and nothing is allocated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "json/block.hpp"
#include "json/scan.hpp"

namespace edgepool::json {

inline bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

inline constexpr const char* kBraceExpected = "a comma or a closing brace is expected";
inline constexpr const char* kBracketExpected = "a comma or a closing bracket is expected";

// Length of an escape by the character behind its backslash, 0 when there is no such escape.
inline constexpr std::array<std::uint8_t, 256> kEscapeLength = [] {
    std::array<std::uint8_t, 256> lengths{};
    for (const char c : std::string_view("\"\\/bfnrt")) lengths[static_cast<unsigned char>(c)] = 2;
    lengths['u'] = 6;
    return lengths;
}();

// True when a key as written spells `name`, escapes included.
inline bool key_is(std::string_view raw_key, std::string_view name) {
    const std::string_view inner = raw_key.substr(1, raw_key.size() - 2);
    if (inner.size() == name.size()) return inner == name;
    if (inner.size() < name.size() || inner.size() > 6 * name.size() || inner.find('\\') == inner.npos) return false;
    return decode_string(raw_key) == name;
}

template <class Visitor>
class Walker {
public:
    Walker(std::string_view text, Visitor& visitor)
        : begin_(text.data()), p_(text.data()), end_(text.data() + text.size()), visitor_(visitor) {}

    // The whole text is one object with its members told to the visitor.
    bool object_document(Range& object, bool& empty) {
        base_ = 1;
        blanks();
        object.begin = position();
        if (!accept('{')) return fail("an object is expected");
        blanks();
        empty = peek() == '}';
        if (!empty && !top_level_members()) return false;
        if (!accept('}')) return fail(kBraceExpected);
        object.end = position();
        return only_blanks_follow();
    }

    // The whole text is one value.
    bool value_document(Range& range) {
        blanks();
        range.begin = position();
        if (!value()) return false;
        range.end = position();
        return only_blanks_follow();
    }

    bool value() {
        const char c = peek();
        return c == '{' || c == '[' ? nested() : scalar(c);
    }

    void blanks() {
        if (p_ != end_ && static_cast<unsigned char>(*p_) <= ' ') p_ = find_not_blank(p_, end_);
    }

    bool accept(char c) {
        if (peek() != c || p_ == end_) return false;
        ++p_;
        return true;
    }

    std::size_t position() const { return static_cast<std::size_t>(p_ - begin_); }

    // Where and why the walk stopped, after a false.
    const char* problem() const { return problem_; }

private:
    // NUL at the end: it is valid nowhere outside of strings.
    char peek() const { return p_ != end_ ? *p_ : '\0'; }

    bool fail(const char* problem) {
        problem_ = problem;
        return false;
    }

    bool fail_at(const char* where, const char* problem) {
        p_ = where;
        return fail(problem);
    }

    bool only_blanks_follow() {
        blanks();
        return p_ == end_ || fail("nothing may follow the value");
    }

    bool top_level_members() {
        do {
            std::string_view key;
            if (!key_and_colon(key)) return false;
            Range range;
            range.begin = position();
            if (!value()) return false;
            range.end = position();
            if (const char* problem = visitor_.member(1, key, range)) return fail_at(key.data(), problem);
            blanks();
        } while (accept(','));
        return true;
    }

    bool key_and_colon(std::string_view& key) {
        blanks();
        const char* const start = p_;
        if (peek() != '"') return fail("a member's name is expected");
        if (!string()) return false;
        key = std::string_view(start, static_cast<std::size_t>(p_ - start));
        blanks();
        if (!accept(':')) return fail("a colon is expected");
        blanks();
        return true;
    }

    // An object or array below the top level, with all that it holds.
    bool nested() {
        std::size_t level = 0;  // containers of this value that are open
        bool object = false;    // the innermost of them is an object
        std::string_view key;
        for (;;) {
            // A value begins here.
            const char c = peek();
            if (c == '{' || c == '[') {
                ++p_;
                if (base_ + level >= limits::kMaxJsonDepth) return fail("nested too deep");
                object = c == '{';
                set_object(level++, object);
                blanks();
                if (peek() != (object ? '}' : ']')) {
                    if (object && !key_and_colon(key)) return false;
                    continue;
                }
            } else {
                const std::size_t start = position();
                if (!scalar(c)) return false;
                if constexpr (Visitor::kNested) {
                    const char* const problem = object ? visitor_.member(base_ + level, key, Range{start, position()}) : nullptr;
                    if (problem != nullptr) return fail_at(key.data(), problem);
                }
                blanks();
            }
            // A value has ended here, or an empty container has just begun: close what ends as well.
            while (!accept(',')) {
                if (!accept(object ? '}' : ']')) return fail(object ? kBraceExpected : kBracketExpected);
                if (--level == 0) return true;
                object = is_object(level - 1);
                blanks();
            }
            if (!object) blanks();
            else if (!key_and_colon(key)) return false;
        }
    }

    bool scalar(char c) {
        switch (c) {
            case '"': return string();
            case 't': return literal("true");
            case 'f': return literal("false");
            case 'n': return literal("null");
            default: return number(c);
        }
    }

    // Most strings are keys and words: one test finds their end.
    bool string() {
        const char* const first = p_ + 1;
        if (end_ - first >= kBlockBytes) {
            const std::uint32_t stops = string_stops(first);
            if (stops != 0 && first[__builtin_ctz(stops)] == '"') {
                p_ = first + __builtin_ctz(stops) + 1;
                return true;
            }
        }
        return long_string();
    }

    // Text is taken 64 bytes at a time: one test, and a step for each escape.
    bool long_string() {
        const char* p = p_ + 1;
        bool closed = false;
        while (!closed) {
            const std::ptrdiff_t left = end_ - p;
            bool good = true;
            if (left >= 4 * kBlockBytes) good = pass_stops(p, string_stops_of_four(p), 4 * kBlockBytes, closed);
            else if (left >= kBlockBytes) good = pass_stops(p, string_stops(p), kBlockBytes, closed);
            else if (left > 0) good = pass_stops(p, is_string_stop(*p) ? 1u : 0u, 1, closed);
            else return fail("this string is not closed");
            if (!good) return false;
        }
        p_ = p;
        return true;
    }

    // Goes over `width` bytes of a string, whose quotes, backslashes and control characters `stops` marks.
    // Moves `p` behind them, or behind the closing quote.
    bool pass_stops(const char*& p, std::uint64_t stops, std::ptrdiff_t width, bool& closed) {
        const char* const block = p;
        p += width;
        while (stops != 0) {
            const int at = __builtin_ctzll(stops);
            const char* const stop = block + at;
            if (*stop == '"') {
                p = stop + 1;
                closed = true;
                return true;
            }
            if (*stop != '\\') return fail_at(stop, "a control character in a string");
            const int length = escape(stop);
            if (length == 0) return fail_at(stop, "this escape is not valid");
            if (at + length >= width) {
                p = stop + length;
                return true;
            }
            stops &= ~std::uint64_t{0} << (at + length);
        }
        return true;
    }

    // Length of the escape that begins at `p`, 0 when it is none.
    int escape(const char* p) const {
        if (end_ - p < 2) return 0;
        const int length = kEscapeLength[static_cast<unsigned char>(p[1])];
        if (length != 6) return length;
        if (end_ - p < 6) return 0;
        return is_hex_digit(p[2]) && is_hex_digit(p[3]) && is_hex_digit(p[4]) && is_hex_digit(p[5]) ? 6 : 0;
    }

    bool literal(std::string_view word) {
        const std::string_view rest(p_, static_cast<std::size_t>(end_ - p_));
        if (rest.substr(0, word.size()) != word) return fail("a value is expected");
        p_ += word.size();
        return true;
    }

    bool number(char first) {
        if (first == '-') ++p_;
        else if (!digit(first)) return fail("a value is expected");
        if (accept('0')) {
            if (digit(peek())) return fail("a number may not begin with a zero");
        } else if (!digits()) {
            return false;
        }
        if (accept('.') && !digits()) return false;
        if (accept('e') || accept('E')) {
            if (peek() == '+' || peek() == '-') ++p_;
            return digits();
        }
        return true;
    }

    bool digits() {
        if (!digit(peek())) return fail("a digit is expected");
        while (p_ != end_ && digit(*p_)) ++p_;
        return true;
    }

    static bool digit(char c) { return c >= '0' && c <= '9'; }

    bool is_object(std::size_t level) const { return (objects_[level / 64] >> (level % 64) & 1u) != 0; }

    void set_object(std::size_t level, bool object) {
        const std::uint64_t bit = std::uint64_t{1} << (level % 64);
        if (object) objects_[level / 64] |= bit;
        else objects_[level / 64] &= ~bit;
    }

    const char* begin_;
    const char* p_;
    const char* end_;
    Visitor& visitor_;
    const char* problem_ = "";
    std::size_t base_ = 0;  // containers open around the value that nested() walks
    std::uint64_t objects_[limits::kMaxJsonDepth / 64 + 1];  // one bit for each open container: an object or an array
};

template <class Visitor>
tl::unexpected<Error> bad_json(const Walker<Visitor>& walker) {
    return edgepool::fail(ErrorCode::bad_json, "bad JSON at byte " + std::to_string(walker.position()) + ": " + walker.problem());
}

}  // namespace edgepool::json
