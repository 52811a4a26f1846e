#include "app/metrics_text.hpp"

#include "base/text.hpp"

namespace edgepool::app {
namespace {

// Backslash, quote and line feed are escaped, other control characters become blanks; what is not UTF-8 is replaced.
void append_label_value(std::string& out, std::string_view value) {
    for (const char c : valid_utf8(value)) {
        if (c == '\\' || c == '"') out.append({'\\', c});
        else if (c == '\n') out.append("\\n");
        else out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c);
    }
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void MetricsText::sample(std::initializer_list<MetricLabel> labels, std::string_view value, std::string_view suffix) {
    text_.append(name_).append(suffix);
    char before = '{';
    for (const MetricLabel& label : labels) {
        text_.append(1, before).append(label.name).append("=\"");
        append_label_value(text_, label.value);
        text_.append("\"");
        before = ',';
    }
    text_.append(labels.size() > 0 ? "} " : " ").append(value).append("\n");
}

std::string decimal_text(std::int64_t value, unsigned digits) {
    const bool is_negative = value < 0;
    std::string text = std::to_string(is_negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value));
    if (text.size() <= digits) text.insert(0, digits + 1 - text.size(), '0');
    if (digits > 0) text.insert(text.size() - digits, 1, '.');
    return (is_negative ? "-" : "") + text;
}

}  // namespace edgepool::app
