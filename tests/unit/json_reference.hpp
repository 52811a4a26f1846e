// The scanner's yardstick: the same rules written as plainly as possible, a byte at a time and recursively. Slow on purpose.
// Also makes random documents, and damages them.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "json/scan.hpp"

namespace edgepool::json_reference {

struct TopMember {
    json::Range key;
    json::Range value;
};

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    // The top-level members of a document that is one object; nullopt when it is not.
    std::optional<std::vector<TopMember>> object_document() {
        blanks();
        std::vector<TopMember> members;
        if (!at('{') || !object(1, &members)) return std::nullopt;
        blanks();
        if (i_ != text_.size()) return std::nullopt;
        return members;
    }

private:
    bool at(char c) const { return i_ < text_.size() && text_[i_] == c; }
    bool at_digit() const { return i_ < text_.size() && text_[i_] >= '0' && text_[i_] <= '9'; }
    bool take(char c) { return at(c) ? (++i_, true) : false; }
    void blanks() {
        while (at(' ') || at('\t') || at('\n') || at('\r')) ++i_;
    }

    bool value(std::size_t depth) {
        if (at('{')) return object(depth + 1, nullptr);
        if (at('[')) return array(depth + 1);
        if (at('"')) return string();
        for (const std::string_view word : {"true", "false", "null"}) {
            if (text_.substr(i_, word.size()) == word) return i_ += word.size(), true;
        }
        return number();
    }

    bool object(std::size_t depth, std::vector<TopMember>* members) {
        if (depth > limits::kMaxJsonDepth) return false;
        take('{');
        blanks();
        if (take('}')) return true;
        do {
            blanks();
            TopMember member;
            member.key.begin = i_;
            if (!at('"') || !string()) return false;
            member.key.end = i_;
            blanks();
            if (!take(':')) return false;
            blanks();
            member.value.begin = i_;
            if (!value(depth)) return false;
            member.value.end = i_;
            if (members != nullptr) members->push_back(member);
            blanks();
        } while (take(','));
        return take('}');
    }

    bool array(std::size_t depth) {
        if (depth > limits::kMaxJsonDepth) return false;
        take('[');
        blanks();
        if (take(']')) return true;
        do {
            blanks();
            if (!value(depth)) return false;
            blanks();
        } while (take(','));
        return take(']');
    }

    bool string() {
        ++i_;
        for (; i_ < text_.size(); ++i_) {
            if (static_cast<unsigned char>(text_[i_]) < 0x20) return false;
            if (text_[i_] == '"') return ++i_, true;
            if (text_[i_] != '\\') continue;
            if (++i_ == text_.size()) return false;
            if (std::string_view("\"\\/bfnrt").find(text_[i_]) != std::string_view::npos) continue;
            if (text_[i_] != 'u') return false;
            for (int k = 0; k < 4; ++k) {
                if (++i_ == text_.size() || std::string_view("0123456789abcdefABCDEF").find(text_[i_]) == std::string_view::npos) return false;
            }
        }
        return false;
    }

    bool digits() {
        if (!at_digit()) return false;
        while (at_digit()) ++i_;
        return true;
    }

    bool number() {
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.') && !digits()) return false;
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            return digits();
        }
        return true;
    }

    std::string_view text_;
    std::size_t i_ = 0;
};

class Generator {
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

    std::string object(unsigned depth) {
        std::string text = "{";
        for (unsigned i = 0, count = below(5); i < count; ++i) {
            if (i != 0) text += ",";
            text += blanks() + key() + blanks() + ":" + blanks() + value(depth) + blanks();
        }
        return text + blanks() + "}";
    }

    std::string document() { return blanks() + object(4) + blanks(); }

    std::string damaged(std::string text) {
        static constexpr std::string_view kBytes = "{}[]:,\"\\ \n\t\x01" "0129.eE+-truefalsnlu/bx\x7f";
        for (unsigned i = 0, count = 1 + below(3); i < count && !text.empty(); ++i) {
            const std::size_t at = below(static_cast<unsigned>(text.size()));
            const char byte = kBytes[below(static_cast<unsigned>(kBytes.size()))];
            switch (below(4)) {
                case 0: text[at] = byte; break;
                case 1: text.insert(at, 1, byte); break;
                case 2: text.erase(at, 1); break;
                default: text.resize(at); break;
            }
        }
        return text;
    }

private:
    std::string key() {
        static constexpr std::string_view kKeys[] = {"\"model\"", "\"stream\"", "\"mod\\u0065l\"", "\"x\"", "\"\"", "\"Model\"", "\"models\"", "\"mode\""};
        return std::string(kKeys[below(8)]);
    }

    std::string value(unsigned depth) {
        switch (below(depth == 0 ? 5 : 7)) {
            case 0: return string();
            case 1: return number();
            case 2: return below(2) != 0 ? "true" : "false";
            case 3: return "null";
            case 4: return string();
            case 5: return object(depth - 1);
            default: break;
        }
        std::string text = "[";
        for (unsigned i = 0, count = below(5); i < count; ++i) text += (i != 0 ? "," : "") + blanks() + value(depth - 1) + blanks();
        return text + "]";
    }

    std::string string() {
        static constexpr std::string_view kPieces[] = {"a", "text ", "\\n", "\\\"", "\\\\", "\\u00e9", "\xC3\xA9", "\\/", "{", "]", "\x7f", "\\ud83d\\ude00"};
        std::string text = "\"";
        for (unsigned i = 0, count = below(4) == 0 ? below(80) : below(6); i < count; ++i) text += kPieces[below(12)];
        return text + "\"";
    }

    std::string number() {
        static constexpr std::string_view kNumbers[] = {"0", "-0", "7", "-12", "3.25", "1e5", "0.1E-2", "12345678901234567890", "2e+0"};
        return std::string(kNumbers[below(9)]);
    }

    std::string blanks() {
        static constexpr std::string_view kBlanks[] = {"", "", "", " ", "\n", "\t\r\n  ", "                    "};
        return std::string(kBlanks[below(7)]);
    }

    std::mt19937 random_;
};

}  // namespace edgepool::json_reference
