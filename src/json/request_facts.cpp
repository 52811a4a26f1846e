#include "json/request_facts.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "json/walk.hpp"

namespace edgepool::json {
namespace {

constexpr const char* kTooOften = "this member is repeated too often";

struct FactsVisitor {
    static constexpr bool kNested = false;

    const char* member(std::size_t, std::string_view key, Range value) {
        if (key_is(key, "model")) {
            if (facts.model_values.size() == kMaxFoundMembers) return kTooOften;
            facts.model_values.push_back(value);
        } else if (key_is(key, "stream")) {
            stream = value;
        } else if (key_is(key, "stream_options")) {
            facts.stream_options = value;
        } else if (!model_in_other_case && spells_in_any_case(key, "model")) {
            model_in_other_case = true;
        } else if (!watched.empty() && kind_of(value.in(body)) != Kind::null) {
            note_watched(key);
        }
        return nullptr;
    }

    void note_watched(std::string_view key) {
        const auto found = std::find_if(watched.begin(), watched.end(), [&](std::string_view name) { return spells_in_any_case(key, name); });
        const bool is_new = found != watched.end() && std::find(facts.watched.begin(), facts.watched.end(), *found) == facts.watched.end();
        if (is_new) facts.watched.push_back(*found);
    }

    static bool spells_in_any_case(std::string_view key, std::string_view name) {
        const std::string_view inner = key.substr(1, key.size() - 2);
        if (inner.size() == name.size()) return equals_ignoring_case(inner, name);
        if (inner.size() > 6 * name.size() || inner.find('\\') == inner.npos) return false;
        const std::optional<std::string> decoded = decode_string(key);
        return decoded && equals_ignoring_case(*decoded, name);
    }

    std::string_view body;
    std::span<const std::string_view> watched;
    RequestFacts facts = {};
    std::optional<Range> stream = {};
    bool model_in_other_case = false;
};

tl::unexpected<Error> bad_model(std::string detail) { return fail(ErrorCode::bad_request, std::move(detail), "model"); }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

Result<std::string> read_model(std::string_view raw) {
    if (kind_of(raw) != Kind::string) return bad_model("\"model\" must be a string");
    const auto too_long = [] { return bad_model("\"model\" is longer than " + std::to_string(limits::kMaxModelBytes) + " bytes"); };
    if (raw.size() > 6 * limits::kMaxModelBytes + 2) return too_long();
    std::string model = decode_string(raw).value_or(std::string());
    if (std::any_of(model.begin(), model.end(), is_control)) return bad_model("\"model\" holds a control character");
    if (!std::all_of(model.begin(), model.end(), is_ascii)) model = valid_utf8(model);
    if (model.size() > limits::kMaxModelBytes) return too_long();
    return model;
}

std::optional<bool> read_include_usage(std::string_view stream_options) {
    if (stream_options.empty() || kind_of(stream_options) != Kind::object) return std::nullopt;
    static constexpr std::array<std::string_view, 1> kNames = {"include_usage"};
    const Result<ScannedObject> scanned = scan_object(stream_options, kNames);
    const std::optional<Range> value = scanned ? scanned->last(0) : std::nullopt;
    if (!value || kind_of(value->in(stream_options)) != Kind::boolean) return std::nullopt;
    return value->in(stream_options) == "true";
}

}  // namespace

Result<RequestFacts> read_request_facts(std::string_view body, std::span<const std::string_view> watched) {
    FactsVisitor visitor{body, watched};
    Walker<FactsVisitor> walker(body, visitor);
    RequestFacts& facts = visitor.facts;
    if (!walker.object_document(facts.object, facts.empty)) return bad_json(walker);

    if (!facts.model_values.empty()) {
        Result<std::string> model = read_model(facts.model_values.back().in(body));
        if (!model) return tl::unexpected<Error>(std::move(model.error()));
        facts.model = std::move(*model);
        if (visitor.model_in_other_case) return bad_model("\"model\" is given twice, in different spellings");
    }
    if (visitor.stream) {
        const std::string_view raw = visitor.stream->in(body);
        if (kind_of(raw) == Kind::boolean) facts.stream = raw == "true";
        else if (kind_of(raw) != Kind::null) return fail(ErrorCode::bad_request, "\"stream\" must be true or false", "stream");
    }
    facts.include_usage = read_include_usage(facts.stream_options.in(body));
    return std::move(facts);
}

}  // namespace edgepool::json
