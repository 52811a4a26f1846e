// The scanner and the request facts against the plain reader (same verdict, same ranges) and against nlohmann (same verdict but for what
// scan.hpp leaves unjudged or is stricter about; same values).
#include <array>
#include <string>

#include "fuzz/fuzz_check.hpp"
#include "json/dom.hpp"
#include "json/request_facts.hpp"
#include "json/scan.hpp"
#include "json/splice.hpp"
#include "unit/json_reference.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

constexpr std::array<std::string_view, 3> kNames = {"model", "stream", "stream_options"};

void check_against_reference(std::string_view text, const Result<json::ScannedObject>& scanned) {
    const auto expected = json_reference::Reader(text).object_document();
    if (!expected) return check(!scanned);
    std::size_t next = 0;
    for (const auto& member : *expected) {
        const auto name = json::decode_string(member.key.in(text));
        check(name.has_value());
        std::size_t index = 0;
        while (index < kNames.size() && kNames[index] != *name) ++index;
        if (index == kNames.size()) continue;
        if (next == json::kMaxFoundMembers) return check(!scanned);
        check(scanned && next < scanned->found.size());
        const json::Found& found = scanned->found[next++];
        check(found.name_index == index && found.member.key.begin == member.key.begin && found.member.key.end == member.key.end &&
              found.member.value.begin == member.value.begin && found.member.value.end == member.value.end);
    }
    check(scanned && scanned->found.size() == next && scanned->empty == expected->empty());
}

void check_against_parser(std::string_view text, const json::ScannedObject& scanned) {
    const json::Json tree = json::Json::parse(text, nullptr, false);
    if (tree.is_discarded()) return;  // invalid UTF-8, a lone surrogate or a number too large: the scanner does not judge them
    check(tree.is_object());
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        const auto last = scanned.last(i);
        check(last.has_value() == tree.contains(kNames[i]));
        if (!last) continue;
        const json::Json& value = tree.at(std::string(kNames[i]));
        check(json::Json::parse(last->in(text), nullptr, false) == value);
        if (value.is_string()) check(json::decode_string(last->in(text)) == value.get_ref<const std::string&>());
    }
}

void check_facts(std::string_view text, const json::RequestFacts& facts) {
    check(facts.object.begin < facts.object.end && facts.object.end <= text.size());
    check(facts.model.size() <= limits::kMaxModelBytes);
    check(facts.model.empty() || !facts.model_values.empty());
    check(json::parse(json::quote(facts.model)).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const auto scanned = json::scan_object(text, kNames);
    check_against_reference(text, scanned);
    if (scanned) check_against_parser(text, *scanned);
    const auto facts = json::read_request_facts(text);
    if (facts) {
        check(scanned.has_value());
        check_facts(text, *facts);
    } else {
        check(!facts.error().detail.empty());
    }
    return 0;
}
