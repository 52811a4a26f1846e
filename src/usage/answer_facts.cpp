#include "usage/answer_facts.hpp"

#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "json/scan.hpp"
#include "json/splice.hpp"
#include "json/walk.hpp"

namespace edgepool::usage {
namespace {

using json::Kind;
using json::Range;

// How many choices are searched for the one that failed.
constexpr std::size_t kSearchedChoices = 128;

// Where the dialects keep generated text at any depth. "text" is apart: deep down it repeats what "reasoning" says.
bool is_text_key(std::string_view key) {
    switch (key.size()) {
        case 7: return key == "content" || key == "refusal";
        case 8: return key == "thinking";
        case 9: return key == "reasoning" || key == "arguments";
        case 12: return key == "partial_json";
        case 17: return key == "reasoning_content";
        default: return false;
    }
}

constexpr std::size_t kDeepestText = 5;       // output[].content[].text
constexpr std::size_t kFinishReasonDepth = 3;  // choices[].finish_reason

std::string_view inner(std::string_view string_literal) { return string_literal.substr(1, string_literal.size() - 2); }

struct AnswerVisitor {
    static constexpr bool kNested = true;

    const char* member(std::size_t depth, std::string_view raw_key, Range range) {
        const std::string_view key = inner(raw_key);
        const std::string_view value = range.in(text);
        const bool string = value.front() == '"';
        if (string && (is_text_key(key) || (depth <= kDeepestText && key == "text"))) content_bytes += value.size() - 2;
        if (depth == 1) top_level(key, value, string);
        else if (depth == kFinishReasonDepth && key == "finish_reason" && value == "\"error\"") facts.choice_failed = true;
        return nullptr;
    }

    void top_level(std::string_view key, std::string_view value, bool string) {
        switch (key.size()) {
            case 4:
                if (key == "type" && string) facts.type = inner(value);
                else if (key == "done") facts.done = value == "true";
                break;
            case 5:
                if (key == "error") facts.error = value;
                else if (key == "usage") facts.usage = value;
                else if (key == "delta" && string) delta_bytes += value.size() - 2;
                break;
            case 7:
                if (key == "choices") facts.choices = value;
                else if (key == "message") facts.message = value;
                break;
            case 8:
                if (key != "response") break;
                facts.response = value;
                if (string) content_bytes += value.size() - 2;
                break;
            case 10:
                if (key == "eval_count") facts.eval_count = value;
                break;
            case 17:
                if (key == "prompt_eval_count") facts.prompt_eval_count = value;
                break;
            default: break;
        }
    }

    std::string_view text;
    AnswerFacts facts;
    std::uint64_t content_bytes = 0;
    std::uint64_t delta_bytes = 0;  // the Responses API: its other events repeat the text of these
};

bool is_error_value(std::string_view value) {
    return !value.empty() && value != "null" && value != "false" && value != "\"\"";
}

std::string_view error_in(std::string_view object_text) {
    static constexpr std::array<std::string_view, 1> kNames = {"error"};
    const Result<json::ScannedObject> scanned = json::scan_object(object_text, kNames);
    const std::optional<Range> value = scanned ? scanned->last(0) : std::nullopt;
    const std::string_view error = value ? value->in(object_text) : std::string_view();
    return is_error_value(error) ? error : std::string_view();
}

std::string choice_error(std::string_view choices) {
    for (const std::string_view choice : json::elements(choices, kSearchedChoices)) {
        if (const std::string_view error = error_in(choice); !error.empty()) return wrap_error(error);
    }
    return wrap_error_text("the generation ended with finish_reason \"error\"");
}

bool begins_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

}  // namespace

std::optional<AnswerFacts> read_answer_facts(std::string_view object_text) {
    AnswerVisitor visitor;
    visitor.text = object_text;
    json::Walker<AnswerVisitor> walker(object_text, visitor);
    Range object;
    bool empty = true;
    if (!walker.object_document(object, empty)) return std::nullopt;
    AnswerFacts facts = visitor.facts;
    facts.object = object.in(object_text);
    facts.text_bytes = begins_with(facts.type, "response.") ? visitor.delta_bytes : visitor.content_bytes;
    return facts;
}

std::optional<std::string> error_of(Dialect dialect, const AnswerFacts& facts) {
    if (is_error_value(facts.error)) return wrap_error(facts.error);
    if (facts.type == "error") return wrap_error(facts.object);
    if (!speaks_openai(dialect)) return std::nullopt;
    if (facts.type == "response.failed") {
        const std::string_view error = error_in(facts.response);
        return error.empty() ? wrap_error_text("the response failed") : wrap_error(error);
    }
    return facts.choice_failed && !facts.choices.empty() ? std::optional<std::string>(choice_error(facts.choices)) : std::nullopt;
}

bool reports_usage_alone(const AnswerFacts& facts) {
    if (facts.usage.empty() || json::kind_of(facts.usage) != Kind::object) return false;
    return !facts.choices.empty() && json::kind_of(facts.choices) == Kind::array && json::elements(facts.choices, 1).empty();
}

std::string wrap_error(std::string_view json_value) {
    if (json_value.size() > limits::kMaxErrorBodyBytes) return wrap_error_text(json_value);
    return std::string("{\"error\":").append(json_value).append("}");
}

std::string wrap_error_text(std::string_view text) {
    return std::string("{\"error\":").append(json::quote(clip_utf8(text, limits::kMaxErrorBodyBytes))).append("}");
}

}  // namespace edgepool::usage
