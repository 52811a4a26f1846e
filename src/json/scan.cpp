#include "json/scan.hpp"

#include "json/walk.hpp"

namespace edgepool::json {
namespace {

struct NoVisitor {
    static constexpr bool kNested = false;
    const char* member(std::size_t, std::string_view, Range) { return nullptr; }
};

struct Finder {
    static constexpr bool kNested = false;

    const char* member(std::size_t, std::string_view key, Range value) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!key_is(key, names[i])) continue;
            if (found.size() == kMaxFoundMembers) return "this member is repeated too often";
            const auto at = static_cast<std::size_t>(key.data() - text.data());
            found.push_back({i, {{at, at + key.size()}, value}});
            break;
        }
        return nullptr;
    }

    std::string_view text;
    std::span<const std::string_view> names;
    std::vector<Found> found;
};

constexpr unsigned kReplacement = 0xFFFD;

unsigned hex_value(char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

// The UTF-16 unit of "\uXXXX" at the front of `text`.
std::optional<unsigned> unit_at(std::string_view text) {
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
    unsigned unit = 0;
    for (const char c : text.substr(2, 4)) {
        if (!is_hex_digit(c)) return std::nullopt;
        unit = unit << 4 | hex_value(c);
    }
    return unit;
}

void append_utf8(std::string& out, unsigned code_point) {
    const auto put = [&](unsigned byte) { out.push_back(static_cast<char>(byte)); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0 | code_point >> 6);
        put(0x80 | (code_point & 0x3F));
    } else if (code_point < 0x10000) {
        put(0xE0 | code_point >> 12);
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    } else {
        put(0xF0 | code_point >> 18);
        put(0x80 | (code_point >> 12 & 0x3F));
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    }
}

// Appends what the escape at the front of `text` stands for and returns its length, 0 when it is none.
std::size_t append_escape(std::string& out, std::string_view text) {
    if (text.size() < 2) return 0;
    constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (const std::size_t letter = kLetters.find(text[1]); letter != kLetters.npos) {
        out.push_back(kMeanings[letter]);
        return 2;
    }
    const std::optional<unsigned> unit = unit_at(text);
    if (!unit) return 0;
    if (*unit < 0xD800 || *unit > 0xDFFF) {
        append_utf8(out, *unit);
        return 6;
    }
    const std::optional<unsigned> low = *unit < 0xDC00 ? unit_at(text.substr(6)) : std::nullopt;
    if (!low || *low < 0xDC00 || *low > 0xDFFF) {
        append_utf8(out, kReplacement);
        return 6;
    }
    append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
    return 12;
}

}  // namespace

std::optional<Range> ScannedObject::last(std::size_t name_index) const {
    for (auto it = found.rbegin(); it != found.rend(); ++it) {
        if (it->name_index == name_index) return it->member.value;
    }
    return std::nullopt;
}

Result<ScannedObject> scan_object(std::string_view text, std::span<const std::string_view> names) {
    Finder finder{text, names, {}};
    Walker<Finder> walker(text, finder);
    ScannedObject scanned;
    if (!walker.object_document(scanned.object, scanned.empty)) return bad_json(walker);
    scanned.found = std::move(finder.found);
    return scanned;
}

Result<Range> scan_value(std::string_view text) {
    NoVisitor visitor;
    Walker<NoVisitor> walker(text, visitor);
    Range range;
    if (!walker.value_document(range)) return bad_json(walker);
    return range;
}

std::vector<std::string_view> elements(std::string_view raw, std::size_t max_count) {
    NoVisitor visitor;
    Walker<NoVisitor> walker(raw, visitor);
    std::vector<std::string_view> found;
    if (!walker.accept('[')) return found;
    walker.blanks();
    while (found.size() < max_count) {
        const std::size_t begin = walker.position();
        if (!walker.value()) break;
        found.push_back(raw.substr(begin, walker.position() - begin));
        walker.blanks();
        if (!walker.accept(',')) break;
        walker.blanks();
    }
    return found;
}

std::optional<std::string> decode_string(std::string_view raw) {
    if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return std::nullopt;
    std::string_view rest = raw.substr(1, raw.size() - 2);
    std::string text;
    text.reserve(rest.size());
    while (!rest.empty()) {
        const char* const stop = find_string_stop(rest.data(), rest.data() + rest.size());
        const auto plain = static_cast<std::size_t>(stop - rest.data());
        text.append(rest.substr(0, plain));
        rest.remove_prefix(plain);
        if (rest.empty()) break;
        if (rest.front() != '\\') return std::nullopt;
        const std::size_t length = append_escape(text, rest);
        if (length == 0) return std::nullopt;
        rest.remove_prefix(length);
    }
    return text;
}

Kind kind_of(std::string_view raw) {
    switch (raw.empty() ? '\0' : raw.front()) {
        case '{': return Kind::object;
        case '[': return Kind::array;
        case '"': return Kind::string;
        case 't': case 'f': return Kind::boolean;
        case 'n': return Kind::null;
        default: return Kind::number;
    }
}

}  // namespace edgepool::json
