#include "json/splice.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.hpp"

namespace edgepool::json {
namespace {

bool by_offset(const Splice& a, const Splice& b) { return a.offset < b.offset; }

// Inserts a member (as written) at the front of an object that begins at `brace`.
Splice insert_member(std::size_t brace, bool object_is_empty, std::string member) {
    if (!object_is_empty) member += ',';
    return {brace + 1, 0, std::move(member)};
}

}  // namespace

std::string apply_splices(std::string_view body, const std::vector<Splice>& splices) {
    std::size_t inserted = 0;
    for (const Splice& splice : splices) inserted += splice.insert.size();
    std::string out;
    out.reserve(body.size() + inserted);
    std::size_t at = 0;
    for (const Splice& splice : splices) {
        if (splice.offset < at || splice.offset > body.size() || splice.remove > body.size() - splice.offset) continue;
        out.append(body.substr(at, splice.offset - at)).append(splice.insert);
        at = splice.offset + splice.remove;
    }
    return out.append(body.substr(at));
}

void add_splices(std::vector<Splice>& splices, std::vector<Splice> more) {
    std::vector<Splice> merged;
    merged.reserve(splices.size() + more.size());
    std::merge(std::make_move_iterator(splices.begin()), std::make_move_iterator(splices.end()), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()), std::back_inserter(merged), by_offset);
    splices = std::move(merged);
}

std::vector<Splice> replace_model(const RequestFacts& facts, std::string_view new_model) {
    std::vector<Splice> splices;
    const std::string literal = quote(new_model);
    for (const Range& value : facts.model_values) splices.push_back({value.begin, value.end - value.begin, literal});
    return splices;
}

std::vector<Splice> ask_for_usage(const RequestFacts& facts, std::string_view body) {
    if (facts.include_usage == true) return {};
    const Range options = facts.stream_options;
    if (options.end == 0) return {insert_member(facts.object.begin, facts.empty, "\"stream_options\":{\"include_usage\":true}")};

    const std::string_view raw = options.in(body);
    if (kind_of(raw) == Kind::null) return {{options.begin, raw.size(), "{\"include_usage\":true}"}};
    if (kind_of(raw) != Kind::object) return {};
    static constexpr std::array<std::string_view, 1> kNames = {"include_usage"};
    const Result<ScannedObject> scanned = scan_object(raw, kNames);
    if (!scanned) return {};
    if (const std::optional<Range> value = scanned->last(0)) {
        return {{options.begin + value->begin, value->end - value->begin, "true"}};
    }
    return {insert_member(options.begin, scanned->empty, "\"include_usage\":true")};
}

std::string quote(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    const std::string valid = valid_utf8(text);
    std::string out;
    out.reserve(valid.size() + 2);
    out.push_back('"');
    for (const char c : valid) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    out += "\\u00";
                    out.push_back(kHex[c >> 4]);
                    out.push_back(kHex[c & 15]);
                } else {
                    out.push_back(c);
                }
        }
    }
    out.push_back('"');
    return out;
}

}  // namespace edgepool::json
