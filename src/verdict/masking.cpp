#include "verdict/masking.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace edgepool::verdict {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kMaxHiddenBytes = 300;   // a name is shorter: what is longer is not one
constexpr std::size_t kShortestSecret = 8;     // shorter ones occur in ordinary words
constexpr std::size_t kShortestPrefixed = 12;  // "sk-..." and longer
constexpr std::size_t kShortestMixed = 16;     // letters and digits in one run
constexpr std::size_t kShortestDashed = 32;    // with dashes between, upper and lower case and digits

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '_'; }
bool is_address(char c) { return is_word(c) || c == '.' || c == '+' || c == '%'; }

bool has_mixed_run(std::string_view word) {
    std::size_t length = 0;
    bool letter = false;
    bool digit = false;
    for (const char c : word) {
        if (c == '-' || c == '_') {
            length = 0;
            letter = digit = false;
            continue;
        }
        ++length;
        (is_digit(c) ? digit : letter) = true;
        if (length >= kShortestMixed && letter && digit) return true;
    }
    return false;
}

bool is_prefixed_key(std::string_view word) {
    return word.size() >= kShortestPrefixed && (word.substr(0, 3) == "sk-" || word.substr(0, 3) == "sk_" || word.substr(0, 3) == "sb_");
}

bool looks_like_token(std::string_view word) {
    if (is_prefixed_key(word) || has_mixed_run(word)) return true;
    return word.size() >= kShortestDashed && std::any_of(word.begin(), word.end(), is_lower) && std::any_of(word.begin(), word.end(), is_upper) &&
           std::any_of(word.begin(), word.end(), is_digit);
}

std::string replace_all(std::string_view text, std::string_view what, std::string_view by) {
    std::string out;
    for (;;) {
        const std::size_t at = text.find(what);
        out.append(text.substr(0, at));
        if (at == std::string_view::npos) return out;
        out.append(by);
        text.remove_prefix(at + what.size());
    }
}

// Copies `text`, with each run of word characters that `is_secret` says yes to masked.
template <class Judge>
std::string mask_words(std::string_view text, Judge is_secret) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        if (!is_word(text[i])) {
            out.push_back(text[i++]);
            continue;
        }
        std::size_t end = i;
        while (end < text.size() && is_word(text[end])) ++end;
        const std::string_view word = text.substr(i, end - i);
        out.append(is_secret(word) ? kMask : word);
        i = end;
    }
    return out;
}

std::string mask_addresses(std::string_view text) {
    std::string out(text);
    for (std::size_t at = out.find('@'); at != std::string::npos; at = out.find('@', at + 1)) {
        std::size_t begin = at;
        while (begin > 0 && is_address(out[begin - 1])) --begin;
        std::size_t end = at + 1;
        while (end < out.size() && is_address(out[end])) ++end;
        if (begin == at || end == at + 1) continue;
        out.replace(begin, end - begin, kMask);
        at = begin;
    }
    return out;
}

std::string mask_bearer(std::string_view text) {
    constexpr std::string_view kWord = "bearer ";
    const std::string lower = ascii_lower(text);
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = lower.find(kWord); at != std::string::npos; at = lower.find(kWord, done)) {
        const std::size_t begin = at + kWord.size();
        std::size_t end = begin;
        while (end < text.size() && static_cast<unsigned char>(text[end]) > ' ' && text[end] != '"' && text[end] != ',') ++end;
        out.append(text.substr(done, begin - done));
        if (end > begin) out.append(kMask);
        done = end;
    }
    return out.append(text.substr(done));
}

std::string hide_between(const HiddenText& rule, std::string_view text) {
    std::string out;
    for (;;) {
        const std::size_t open = text.find(rule.open);
        if (open == std::string_view::npos) return out.append(text);
        const std::size_t from = open + rule.open.size();
        const std::size_t close = text.substr(0, from + kMaxHiddenBytes).find(rule.close, from);
        const bool fits = close != std::string_view::npos && text.substr(from, close - from).find('\n') == std::string_view::npos;
        out.append(text.substr(0, open)).append(fits ? rule.instead : rule.open);
        text.remove_prefix(fits ? close + rule.close.size() : from);
    }
}

std::string hide_json_string(const HiddenText& rule, std::string_view text) {
    const std::string quoted = "\"" + std::string(rule.open) + "\"";
    std::string out;
    for (;;) {
        std::size_t at = text.find(quoted);
        if (at == std::string_view::npos) return out.append(text);
        at = text.find_first_not_of(" \t\r\n", at + quoted.size());
        if (at != std::string_view::npos && text[at] == ':') at = text.find_first_not_of(" \t\r\n", at + 1);
        if (at == std::string_view::npos) return out.append(text);
        out.append(text.substr(0, at));
        text.remove_prefix(at);
        if (text.front() != '"') continue;
        std::size_t end = 1;
        while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
        out.push_back('"');
        text.remove_prefix(std::min(end, text.size()));
    }
}

}  // namespace

std::string hide_account(std::span<const HiddenText> hidden, std::string_view text) {
    std::string out(text);
    for (const HiddenText& rule : hidden) {
        out = rule.kind == HiddenText::Kind::between ? hide_between(rule, out) : hide_json_string(rule, out);
    }
    return out;
}

std::string mask_keys(std::string_view text, std::string_view secret) {
    std::string out = secret.size() >= kShortestSecret ? replace_all(text, secret, kMask) : std::string(text);
    if (out.find("sk-") == std::string::npos) return out;
    return mask_words(out, is_prefixed_key);
}

std::string mask_everything(std::string_view text, std::string_view secret) {
    return mask_words(mask_addresses(mask_bearer(mask_keys(text, secret))), looks_like_token);
}

}  // namespace edgepool::verdict
