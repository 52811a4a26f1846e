// What a store gives back as an entry, and what a client's Cache-Control says, against readers that go byte by byte; and an entry that was
// written is read back as it was.
#include <string>

#include "cache/cache_rules.hpp"
#include "fuzz/fuzz_check.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

// Digits, newline, anything, newline, and the rest.
void check_entry(std::string_view text) {
    std::size_t at = 0;
    double made_ms = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') made_ms = made_ms * 10 + (text[at++] - '0');
    const bool has_time = at > 0 && at <= 19 && at < text.size() && text[at] == '\n';
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != '\n') ++end;
    const auto entry = cache::read_entry(text);
    if (!has_time || end >= text.size()) return check(!entry);
    check(entry && entry->content_type == text.substr(at + 1, end - at - 1) && entry->body == text.substr(end + 1));
    check(entry->made_ms >= made_ms * 0.999999 && entry->made_ms <= made_ms * 1.000001);
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// The directives one by one: blanks at both ends away, small letters.
void check_directives(std::string_view text) {
    bool may_look_up = true, may_keep = true;
    std::string word, pending;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const char c = i < text.size() ? text[i] : ',';
        if (c == ',') {
            if (word == "no-store") may_look_up = may_keep = false;
            if (word == "no-cache" || word == "max-age=0") may_look_up = false;
            word.clear();
            pending.clear();
        } else if (is_blank(c)) {
            if (!word.empty()) pending.push_back(c);
        } else {
            word += pending;
            pending.clear();
            word.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
        }
    }
    const cache::Directives directives = cache::read_directives(text);
    check(directives.may_look_up == may_look_up && directives.may_keep == may_keep);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    check_entry(text);
    check_directives(text);

    const std::string_view type = text.substr(0, text.find('\n'));
    const std::string written = cache::write_entry(1750000000000.0 + static_cast<double>(size), type, text);
    const auto back = cache::read_entry(written);
    check(back && back->made_ms == 1750000000000.0 + static_cast<double>(size) && back->content_type == type && back->body == text);
    return 0;
}
