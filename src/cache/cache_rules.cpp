#include "cache/cache_rules.hpp"

#include <array>

#include "base/text.hpp"
#include "json/scan.hpp"

namespace edgepool::cache {
namespace {

// The names before kFirstStateful are those of tools.
constexpr std::array<std::string_view, 6> kTelling = {"tools", "functions", "mcp_servers", "previous_response_id", "conversation", "background"};
constexpr std::size_t kFirstStateful = 3;

bool says_something(std::string_view value) { return value != "null" && value != "false" && value != "\"\"" && value != "[]"; }

// Takes the line before the next newline off `wire`.
std::optional<std::string_view> take_line(std::string_view& wire) {
    const std::size_t end = wire.find('\n');
    if (end == wire.npos) return std::nullopt;
    const std::string_view line = wire.substr(0, end);
    wire.remove_prefix(end + 1);
    return line;
}

}  // namespace

Directives read_directives(std::string_view cache_control) {
    Directives directives;
    for (const std::string_view part : split(cache_control, ',')) {
        const std::string_view directive = trim(part);
        if (equals_ignoring_case(directive, "no-store")) directives.may_look_up = directives.may_keep = false;
        if (equals_ignoring_case(directive, "no-cache") || equals_ignoring_case(directive, "max-age=0")) directives.may_look_up = false;
    }
    return directives;
}

Content content_of(std::string_view body) {
    const Result<json::ScannedObject> scanned = json::scan_object(body, kTelling);
    if (!scanned) return Content::stateful;
    Content content = Content::plain;
    for (const json::Found& found : scanned->found) {
        if (!says_something(found.member.value.in(body))) continue;
        if (found.name_index >= kFirstStateful) return Content::stateful;
        content = Content::tools;
    }
    return content;
}

std::string write_entry(double made_ms, std::string_view content_type, std::string_view body) {
    std::string text = std::to_string(static_cast<std::uint64_t>(made_ms));
    text.append(1, '\n').append(content_type).append(1, '\n').append(body);
    return text;
}

std::optional<Entry> read_entry(std::string_view text) {
    const auto made = take_line(text);
    const auto made_ms = made ? parse_u64(*made) : std::nullopt;
    const auto content_type = take_line(text);
    if (!made_ms || !content_type) return std::nullopt;
    return Entry{static_cast<double>(*made_ms), *content_type, text};
}

}  // namespace edgepool::cache
