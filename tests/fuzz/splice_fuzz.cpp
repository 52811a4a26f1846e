// Splicing into any body that is accepted gives a document that is accepted, says what was asked for, and has every other byte.
#include <string>

#include "fuzz/fuzz_check.hpp"
#include "json/request_facts.hpp"
#include "json/splice.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

constexpr std::string_view kNewModel = "new/\"model\"\\:free";

// Taking the insertions out again and putting back what was removed gives the body as it was.
void check_reversible(std::string_view body, const std::vector<json::Splice>& splices, std::string_view after) {
    std::string back;
    std::size_t at = 0, from = 0;
    for (const json::Splice& splice : splices) {
        check(splice.offset >= from && splice.offset + splice.remove <= body.size());
        const std::size_t kept = splice.offset - from;
        back.append(after.substr(at, kept)).append(body.substr(splice.offset, splice.remove));
        check(after.substr(at + kept, splice.insert.size()) == splice.insert);
        at += kept + splice.insert.size();
        from = splice.offset + splice.remove;
    }
    check(back.append(after.substr(at)) == body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body = fuzz::text_of(data, size);
    const std::string quoted = json::quote(body);
    check(json::decode_string(quoted).has_value());

    const auto facts = json::read_request_facts(body);
    if (!facts) return 0;
    std::vector<json::Splice> splices = json::replace_model(*facts, kNewModel);
    const std::vector<json::Splice> asking = json::ask_for_usage(*facts, body);
    json::add_splices(splices, asking);
    const std::string after = json::apply_splices(body, splices);
    check_reversible(body, splices, after);

    const auto again = json::read_request_facts(after);
    check(again.has_value());
    check(facts->model_values.empty() || again->model == kNewModel);
    check(again->stream == facts->stream);
    check(asking.empty() || again->include_usage == true);
    check(json::ask_for_usage(*again, after).empty());
    return 0;
}
