#include "app/key_lines.hpp"

#include <unordered_set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "json/dom.hpp"
#include "verdict/calendar.hpp"

namespace edgepool::app {
namespace {

using json::Json;

class Collector {
public:
    void refuse(std::size_t line, std::string_view reason) { lines_.invalid.push_back({line, std::string(reason)}); }

    void take(std::size_t line, std::string_view key, std::string_view username, std::string_view expires_at) {
        ++lines_.total;
        const std::string_view fault = key_fault(key);
        if (!fault.empty()) return refuse(line, fault);
        if (username.size() > limits::kMaxNameBytes) return refuse(line, "the username is too long");
        for (const char c : username) {
            if (static_cast<unsigned char>(c) < 0x20) return refuse(line, "the username holds control characters");
        }
        std::optional<double> expires_ms;
        if (!expires_at.empty()) {
            expires_ms = verdict::parse_rfc3339(expires_at);
            if (!expires_ms) return refuse(line, "expires_at is not a time like 2026-12-31T23:59:59Z");
        }
        if (!seen_.insert(std::string(key)).second) {
            ++lines_.duplicates;
            return;
        }
        lines_.keys.push_back({line, std::string(key), valid_utf8(username), expires_ms});
    }

    void refuse_counted(std::size_t line, std::string_view reason) {
        ++lines_.total;
        refuse(line, reason);
    }

    KeyLines finish() { return std::move(lines_); }

private:
    KeyLines lines_;
    std::unordered_set<std::string> seen_;
};

// Calls take(number, line) for every line that is not blank and no comment.
template <class Take>
void each_line(std::string_view text, Take take) {
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trim(text.substr(0, end));
        ++number;
        if (!line.empty() && line.front() != '#') take(number, line);
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

// The next field of a CSV line (RFC 4180, without line breaks inside fields); cuts it off `line`.
std::string take_csv_field(std::string_view& line) {
    line = trim(line);
    std::string field;
    if (!line.empty() && line.front() == '"') {
        std::size_t i = 1;
        for (; i < line.size(); ++i) {
            if (line[i] != '"') field.push_back(line[i]);
            else if (i + 1 < line.size() && line[i + 1] == '"') field.push_back(line[i++]);
            else break;
        }
        line.remove_prefix(i < line.size() ? i + 1 : line.size());
        const std::size_t comma = line.find(',');
        line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
        return field;
    }
    const std::size_t comma = line.find(',');
    field = trim(line.substr(0, comma));
    line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
    return field;
}

std::string first_text(const Json& row, std::initializer_list<const char*> names) {
    for (const char* name : names) {
        if (auto text = json::get_string(row, name)) return *text;
    }
    return {};
}

}  // namespace

std::string_view key_fault(std::string_view key) {
    if (key.empty()) return "the key is empty";
    if (key.size() > limits::kMaxKeyBytes) return "the key is too long";
    for (const char c : key) {
        if (c <= ' ' || c > '~') return "a key holds only visible ASCII characters";
    }
    return {};
}

KeyLines read_text_lines(std::string_view text) {
    Collector collector;
    each_line(text, [&](std::size_t number, std::string_view line) { collector.take(number, line, {}, {}); });
    return collector.finish();
}

KeyLines read_csv_lines(std::string_view text) {
    Collector collector;
    bool is_first = true;
    each_line(text, [&](std::size_t number, std::string_view line) {
        const std::string key = take_csv_field(line);
        const std::string username = take_csv_field(line);
        const std::string expires_at = take_csv_field(line);
        const std::string heading = ascii_lower(key);
        const bool is_heading = is_first && (heading == "key" || heading == "api_key" || heading == "apikey");
        is_first = false;
        if (!is_heading) collector.take(number, key, username, expires_at);
    });
    return collector.finish();
}

Result<KeyLines> read_json_keys(std::string_view body) {
    const std::optional<Json> parsed = json::parse(body);
    const auto keys = parsed && parsed->is_object() ? parsed->find("keys") : Json::const_iterator();
    if (!parsed || !parsed->is_object() || keys == parsed->end() || !keys->is_array()) {
        return fail(ErrorCode::bad_request, "keys must be an array of keys", "keys");
    }
    Collector collector;
    std::size_t number = 0;
    for (const Json& row : *keys) {
        ++number;
        if (row.is_string()) {
            collector.take(number, trim(row.get_ref<const std::string&>()), {}, {});
        } else if (row.is_object()) {
            collector.take(number, first_text(row, {"key", "api_key", "apiKey"}), first_text(row, {"username"}), first_text(row, {"expires_at"}));
        } else {
            collector.refuse_counted(number, "neither a key nor an object with one");
        }
    }
    return collector.finish();
}

}  // namespace edgepool::app
