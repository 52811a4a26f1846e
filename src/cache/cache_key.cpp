#include "cache/cache_key.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "json/walk.hpp"

namespace edgepool::cache {
namespace {

using json::Kind;
using json::Range;

// A name that nobody can register: entries are reachable through the cache alone.
constexpr std::string_view kOrigin = "https://responses.edgepool.invalid/";

struct MemberText {
    std::string name;      // what it means, in lower case: it may be written in more ways than one, and some readers mind no case
    std::string_view key;  // as written
    std::string_view value;
};

struct MemberList {
    static constexpr bool kNested = false;

    const char* member(std::size_t, std::string_view key, Range value) {
        members.push_back({ascii_lower(json::decode_string(key).value_or(std::string(key))), key, value.in(text)});
        return nullptr;
    }

    std::string_view text;
    std::vector<MemberText> members;
};

bool append_canonical(std::string& out, std::string_view raw, std::size_t depth);

bool append_object(std::string& out, std::string_view raw, std::size_t depth) {
    MemberList list;
    list.text = raw;
    json::Walker<MemberList> walker(raw, list);
    Range object;
    bool empty = true;
    if (!walker.object_document(object, empty)) return false;
    // Members of one name keep their order: which of them counts is the reader's affair.
    std::sort(list.members.begin(), list.members.end(), [](const MemberText& a, const MemberText& b) {
        return a.name != b.name ? a.name < b.name : a.key.data() < b.key.data();
    });
    out.push_back('{');
    for (const MemberText& member : list.members) {
        if (out.back() != '{') out.push_back(',');
        out.append(member.key).push_back(':');
        if (!append_canonical(out, member.value, depth)) return false;
    }
    out.push_back('}');
    return true;
}

bool append_canonical(std::string& out, std::string_view raw, std::size_t depth) {
    const Kind kind = json::kind_of(raw);
    if (kind != Kind::object && kind != Kind::array) {
        out.append(raw);
        return true;
    }
    if (depth == kMaxCanonicalDepth) return false;
    if (kind == Kind::object) return append_object(out, raw, depth + 1);
    out.push_back('[');
    bool is_first = true;
    for (const std::string_view element : json::elements(raw, std::numeric_limits<std::size_t>::max())) {
        if (!is_first) out.push_back(',');
        is_first = false;
        if (!append_canonical(out, element, depth + 1)) return false;
    }
    out.push_back(']');
    return true;
}

bool begins_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

bool changes_answers(const Provider& provider, std::string_view header) {
    return begins_with(header, "anthropic-") || begins_with(header, "openai-") ||
           std::any_of(provider.passing_request_headers.begin(), provider.passing_request_headers.end(),
                       [&](std::string_view prefix) { return begins_with(header, prefix); });
}

}  // namespace

std::optional<std::string> canonical_json(std::string_view text) {
    const Result<Range> value = json::scan_value(text);
    std::string out;
    if (!value || !append_canonical(out, value->in(text), 0)) return std::nullopt;
    return out;
}

std::optional<std::string> content_digest(const Provider& provider, std::string_view path, std::string_view query, std::string_view model,
                                          const Headers& headers, std::string_view body) {
    const std::optional<std::string> canonical = canonical_json(body);
    if (!canonical) return std::nullopt;
    std::string all;
    for (const std::string_view part : {provider.id, path, query, model}) all.append(part).push_back('\0');
    for (const auto& [name, value] : headers.fields()) {
        if (changes_answers(provider, name)) all.append(name).append(1, ':').append(value).push_back('\0');
    }
    all.push_back('\0');
    return sha256_hex(all.append(*canonical));
}

std::string entry_name(std::string_view content_digest, std::string_view scope) {
    return sha256_hex(std::string(content_digest).append(1, ':').append(scope));
}

std::string entry_url(std::string_view entry_name) { return std::string(kOrigin).append("answer/").append(entry_name); }

std::string clearing_url(std::string_view provider_id) { return std::string(kOrigin).append("cleared/").append(provider_id); }

}  // namespace edgepool::cache
