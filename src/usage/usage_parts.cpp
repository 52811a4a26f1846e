#include "usage/usage_parts.hpp"

#include <array>
#include <optional>

#include "json/decimal.hpp"
#include "json/scan.hpp"

namespace edgepool::usage {
namespace {

using json::Kind;

bool is_object(std::string_view value) { return !value.empty() && json::kind_of(value) == Kind::object; }

void replace(std::int64_t& figure, std::optional<std::int64_t> reported) {
    if (reported.value_or(0) != 0) figure = *reported;
}

std::string_view usage_in(std::string_view object_text) {
    static constexpr std::array<std::string_view, 1> kNames = {"usage"};
    if (!is_object(object_text)) return {};
    const Result<json::ScannedObject> scanned = json::scan_object(object_text, kNames);
    const std::optional<json::Range> value = scanned ? scanned->last(0) : std::nullopt;
    return value ? value->in(object_text) : std::string_view();
}

}  // namespace

bool ends_response(std::string_view type) {
    return type == "response.completed" || type == "response.failed" || type == "response.incomplete";
}

bool UsageParts::take(Dialect dialect, const AnswerFacts& facts) {
    if (dialect == Dialect::ollama) {
        if (facts.prompt_eval_count.empty() && facts.eval_count.empty()) return false;
        replace(input_, json::decimal_to_count(facts.prompt_eval_count));
        replace(output_, json::decimal_to_count(facts.eval_count));
        reported_ = true;
        return true;
    }
    bool has_report = take_object(facts.usage);
    if (facts.type == "message_start") has_report |= take_object(usage_in(facts.message));
    else if (ends_response(facts.type)) has_report |= take_object(usage_in(facts.response));
    return has_report;
}

bool UsageParts::take_object(std::string_view usage_object) {
    if (!is_object(usage_object)) return false;
    // The order of the names is that of the cases below.
    static constexpr std::array<std::string_view, 11> kNames = {
        "prompt_tokens", "input_tokens", "completion_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
        "cost", "prompt_tokens_details", "input_tokens_details", "completion_tokens_details", "output_tokens_details"};
    const Result<json::ScannedObject> scanned = json::scan_object(usage_object, kNames);
    if (!scanned || scanned->found.empty()) return false;
    for (const json::Found& found : scanned->found) {
        const std::string_view value = found.member.value.in(usage_object);
        switch (found.name_index) {
            case 0: case 1: replace(input_, json::decimal_to_count(value)); break;
            case 2: case 3: replace(output_, json::decimal_to_count(value)); break;
            case 4: replace(cache_read_, json::decimal_to_count(value)); break;
            case 5: replace(cache_creation_, json::decimal_to_count(value)); break;
            case 6: replace(cost_nano_, json::decimal_to_nano(value)); break;
            default: take_details(value);
        }
    }
    reported_ = true;
    return true;
}

void UsageParts::take_details(std::string_view details_object) {
    static constexpr std::array<std::string_view, 2> kNames = {"cached_tokens", "reasoning_tokens"};
    if (!is_object(details_object)) return;
    const Result<json::ScannedObject> scanned = json::scan_object(details_object, kNames);
    if (!scanned) return;
    for (const json::Found& found : scanned->found) {
        replace(found.name_index == 0 ? cached_ : reasoning_, json::decimal_to_count(found.member.value.in(details_object)));
    }
}

Usage UsageParts::total() const {
    Usage usage;
    usage.prompt = input_ + cache_read_ + cache_creation_;
    usage.completion = output_;
    usage.cached = cached_ + cache_read_;
    usage.reasoning = reasoning_;
    usage.cost_nano = cost_nano_;
    usage.reported = reported_;
    return usage;
}

}  // namespace edgepool::usage
