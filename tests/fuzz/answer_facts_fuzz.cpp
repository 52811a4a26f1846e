// What a whole answer says of its error, its usage and its text, against nlohmann: its events in their order for what is looked for at any
// depth, its tree for the values. The first byte of the input chooses the dialect. Texts with a backslash are only checked for bounds: the
// reader counts bytes as written and does not know escaped names.
#include <array>
#include <set>
#include <string>
#include <vector>

#include "fuzz/fuzz_check.hpp"
#include "json/dom.hpp"
#include "json/scan.hpp"
#include "usage/answer_facts.hpp"
#include "usage/usage.hpp"

using namespace edgepool;
using edgepool::fuzz::check;
using Ordered = nlohmann::ordered_json;

namespace {

constexpr std::array kDialects = {Dialect::openai, Dialect::anthropic, Dialect::ollama, Dialect::responses};
constexpr std::array<std::string_view, 7> kTextNames = {"content",   "refusal",      "thinking",         "reasoning",
                                                        "arguments", "partial_json", "reasoning_content"};
constexpr std::uint64_t kMostExact = 1'000'000'000;

// Goes along with nlohmann's events.
class Expected : public nlohmann::json_sax<Ordered> {
public:
    std::uint64_t content_bytes = 0, delta_bytes = 0;
    bool choice_failed = false, has_repeated_name = false;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool string(string_t& value) override {
        if (open_.empty() || open_.back().is_array) return true;
        const std::string& name = open_.back().name;
        const std::size_t depth = open_.size();
        for (const std::string_view known : kTextNames) content_bytes += name == known ? value.size() : 0;
        if (name == "text" && depth <= 5) content_bytes += value.size();
        if (name == "response" && depth == 1) content_bytes += value.size();
        if (name == "delta" && depth == 1) delta_bytes += value.size();
        if (name == "finish_reason" && depth == 3 && value == "error") choice_failed = true;
        return true;
    }
    bool start_object(std::size_t) override { return open_.push_back({}), true; }
    bool key(string_t& name) override {
        open_.back().name = name;
        if (!open_.back().names.insert(name).second) has_repeated_name = true;
        return true;
    }
    bool end_object() override { return open_.pop_back(), true; }
    bool start_array(std::size_t) override { return open_.push_back({true, {}, {}}), true; }
    bool end_array() override { return open_.pop_back(), true; }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

private:
    struct Open {
        bool is_array = false;
        std::string name;
        std::set<std::string> names;
    };
    std::vector<Open> open_;
};

const Ordered* member(const Ordered& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

bool is_text(const Ordered* value, std::string_view text) {
    return value != nullptr && value->is_string() && value->get_ref<const std::string&>() == text;
}

bool is_error(const Ordered* value) { return value != nullptr && !value->is_null() && *value != Ordered(false) && *value != Ordered(""); }

void check_value(std::string_view written, const Ordered* value) {
    check(written.empty() == (value == nullptr));
    if (value != nullptr) check(Ordered::parse(written, nullptr, false) == *value);
}

// The figures of a usage object, later ones in the place of earlier ones but for zeros; false where one is no plain small number.
struct Figures {
    std::int64_t input = 0, output = 0, cache_read = 0, cache_creation = 0, cached = 0, reasoning = 0;
    bool reported = false, is_plain = true;

    void set(std::int64_t& figure, const Ordered& value) {
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMostExact)
            is_plain = false;
        else if (value.get<std::int64_t>() != 0)
            figure = value.get<std::int64_t>();
    }

    void take_details(const Ordered& details) {
        if (!details.is_object()) return;
        for (const auto& [name, value] : details.items()) {
            if (name == "cached_tokens")
                set(cached, value);
            else if (name == "reasoning_tokens")
                set(reasoning, value);
        }
    }

    void take(const Ordered* usage) {
        if (usage == nullptr || !usage->is_object()) return;
        for (const auto& [name, value] : usage->items()) {
            if (name == "prompt_tokens" || name == "input_tokens")
                set(input, value);
            else if (name == "completion_tokens" || name == "output_tokens")
                set(output, value);
            else if (name == "cache_read_input_tokens")
                set(cache_read, value);
            else if (name == "cache_creation_input_tokens")
                set(cache_creation, value);
            else if (name == "cost")
                is_plain = is_plain && value == Ordered(0);
            else if (name == "prompt_tokens_details" || name == "input_tokens_details" || name == "completion_tokens_details" ||
                     name == "output_tokens_details")
                take_details(value);
            else
                continue;
            reported = true;
        }
    }
};

Figures figures_of(Dialect dialect, const Ordered& tree) {
    Figures figures;
    if (dialect == Dialect::ollama) {
        const Ordered *prompt = member(tree, "prompt_eval_count"), *output = member(tree, "eval_count");
        if (prompt != nullptr) figures.set(figures.input, *prompt);
        if (output != nullptr) figures.set(figures.output, *output);
        figures.reported = prompt != nullptr || output != nullptr;
        return figures;
    }
    figures.take(member(tree, "usage"));
    const Ordered* type = member(tree, "type");
    const bool ends_response =
        is_text(type, "response.completed") || is_text(type, "response.failed") || is_text(type, "response.incomplete");
    const char* wrapper = is_text(type, "message_start") ? "message" : ends_response ? "response" : nullptr;
    if (wrapper != nullptr && member(tree, wrapper) != nullptr) figures.take(member(*member(tree, wrapper), "usage"));
    return figures;
}

void check_usage(Dialect dialect, const Ordered& tree, const usage::Usage& usage) {
    const Figures figures = figures_of(dialect, tree);
    check(usage.reported == figures.reported);
    if (!figures.is_plain) return;
    check(usage.prompt == figures.input + figures.cache_read + figures.cache_creation && usage.completion == figures.output &&
          usage.cached == figures.cached + figures.cache_read && usage.reasoning == figures.reasoning && usage.cost_nano == 0);
}

void check_error(Dialect dialect, const Ordered& tree, bool choice_failed, const std::optional<std::string>& error) {
    const Ordered *type = member(tree, "type"), *response = member(tree, "response");
    const bool in_choice = choice_failed && member(tree, "choices") != nullptr;
    const bool is_failed = is_text(type, "response.failed");
    const bool expected = is_error(member(tree, "error")) || is_text(type, "error") || (speaks_openai(dialect) && (is_failed || in_choice));
    check(error.has_value() == expected);
    if (!error) return;
    const Ordered told = Ordered::parse(*error, nullptr, false);
    check(told.is_object() && told.size() == 1 && told.contains("error"));
    if (is_error(member(tree, "error")))
        check(told["error"] == *member(tree, "error"));
    else if (is_text(type, "error"))
        check(told["error"] == tree);
    else if (is_failed && response != nullptr && is_error(member(*response, "error")))
        check(told["error"] == *member(*response, "error"));
}

void check_facts(std::string_view text, const Ordered& tree, const Expected& expected) {
    const auto facts = usage::read_answer_facts(text);
    check(facts.has_value());
    check_value(facts->error, member(tree, "error"));
    check_value(facts->usage, member(tree, "usage"));
    check_value(facts->message, member(tree, "message"));
    check_value(facts->response, member(tree, "response"));
    check_value(facts->choices, member(tree, "choices"));
    check_value(facts->prompt_eval_count, member(tree, "prompt_eval_count"));
    check_value(facts->eval_count, member(tree, "eval_count"));
    const Ordered* type = member(tree, "type");
    check(type != nullptr && type->is_string() ? is_text(type, facts->type) : facts->type.empty());
    check(facts->done == (member(tree, "done") != nullptr && *member(tree, "done") == Ordered(true)));
    check(facts->choice_failed == expected.choice_failed);
    check(facts->text_bytes == (facts->type.starts_with("response.") ? expected.delta_bytes : expected.content_bytes));
    const Ordered *usage = member(tree, "usage"), *choices = member(tree, "choices");
    check(usage::reports_usage_alone(*facts) ==
          (usage != nullptr && usage->is_object() && choices != nullptr && choices->is_array() && choices->empty()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Dialect dialect = kDialects[data[0] % kDialects.size()];
    const std::string_view text = fuzz::text_of(data + 1, size - 1);
    const usage::WholeAnswer answer = usage::read_whole_answer(dialect, text);
    check(answer.text_bytes <= text.size());
    if (answer.error) check(json::scan_value(*answer.error).has_value());

    const Ordered tree = Ordered::parse(text, nullptr, false);
    if (tree.is_discarded() || !tree.is_object() || text.find('\\') != text.npos || !json::scan_value(text)) return 0;
    Expected expected;
    check(Ordered::sax_parse(text, &expected));
    if (expected.has_repeated_name) return 0;  // which of two counts is told in the unit tests
    check_facts(text, tree, expected);
    check_usage(dialect, tree, answer.usage);
    check_error(dialect, tree, expected.choice_failed, answer.error);
    return 0;
}
