#include "app/key_lines.hpp"

#include <cstring>

#include "base/limits.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "json/dom.hpp"
#include "json/scan.hpp"
#include "verdict/calendar.hpp"

namespace edgepool::app {
namespace {

using json::Json;

constexpr double kLastMomentMs = 253'402'300'799'999;  // of the year 9999, the database's last one

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

bool is_heading(std::string_view line) {
    const std::string first = ascii_lower(take_csv_field(line));
    return first == "key" || first == "api_key" || first == "apikey";
}

// The first of these members that is there, into `text`; null is as if it were not. False when it is no text.
bool read_text(const Json& row, std::initializer_list<const char*> names, std::string& text) {
    for (const char* name : names) {
        const auto member = row.find(name);
        if (member == row.end() || member->is_null()) continue;
        if (!member->is_string()) return false;
        text = member->get_ref<const std::string&>();
        return true;
    }
    return true;
}

tl::unexpected<Error> too_many() {
    return fail(ErrorCode::bad_request, "at most " + std::to_string(limits::kMostImportedKeys) + " keys in one import", "keys");
}

// The first half of the public id, as a number.
std::uint64_t id_number(std::string_view key) {
    const auto digest = sha256(key);
    std::uint64_t number = 0;
    std::memcpy(&number, digest.data(), sizeof number);
    return number;
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

Result<KeyList> KeyList::read(Format format, std::string_view body) {
    KeyList list(format);
    if (format != Format::json) {
        if (!list.cut_lines(body)) return too_many();
        return list;
    }
    constexpr std::string_view kNames[] = {"keys"};
    const auto scanned = json::scan_object(body, kNames);
    const auto keys = scanned ? scanned->last(0) : std::nullopt;
    if (!keys || json::kind_of(keys->in(body)) != json::Kind::array) return fail(ErrorCode::bad_request, "keys must be an array of keys", "keys");
    const std::vector<std::string_view> elements = json::elements(keys->in(body), limits::kMostImportedKeys + 1);
    if (elements.size() > limits::kMostImportedKeys) return too_many();
    list.rows_.reserve(elements.size());
    for (const std::string_view element : elements) list.rows_.push_back({element, static_cast<std::uint32_t>(list.rows_.size() + 1)});
    return list;
}

// False when there are too many.
bool KeyList::cut_lines(std::string_view body) {
    if (body.substr(0, 3) == "\xEF\xBB\xBF") body.remove_prefix(3);
    bool may_be_heading = format_ == Format::csv;  // the first line that says anything
    for (std::uint32_t number = 1; !body.empty(); ++number) {
        const std::size_t end = body.find('\n');
        const std::string_view line = trim(body.substr(0, end));
        const bool says_something = !line.empty() && line.front() != '#';
        if (says_something && !(may_be_heading && is_heading(line))) rows_.push_back({line, number});
        if (says_something) may_be_heading = false;
        if (rows_.size() > limits::kMostImportedKeys) return false;
        if (end == std::string_view::npos) break;
        body.remove_prefix(end + 1);
    }
    return true;
}

KeyList::Fields KeyList::fields_of(std::string_view row) const {
    Fields fields;
    if (format_ == Format::text) {
        fields.key = row;
    } else if (format_ == Format::csv) {
        fields.key = take_csv_field(row);
        fields.username = take_csv_field(row);
        fields.expires_at = take_csv_field(row);
    } else if (json::kind_of(row) == json::Kind::string) {
        fields.key = trim(json::decode_string(row).value_or(""));
    } else if (const auto object = json::kind_of(row) == json::Kind::object ? json::parse(row) : std::nullopt) {
        if (!read_text(*object, {"key", "api_key", "apiKey"}, fields.key)) fields.fault = "the key is not a text";
        else if (!read_text(*object, {"username"}, fields.username)) fields.fault = "the username is not a text";
        else if (!read_text(*object, {"expires_at"}, fields.expires_at)) fields.fault = "expires_at is not a text";
    } else {
        fields.fault = "neither a key nor an object with one";
    }
    return fields;
}

std::string_view KeyList::fault_of(const Fields& fields, KeyLine& line) const {
    if (!fields.fault.empty()) return fields.fault;
    const std::string_view fault = key_fault(fields.key);
    if (!fault.empty()) return fault;
    if (fields.username.size() > limits::kMaxNameBytes) return "the username is too long";
    if (has_control_character(fields.username)) return "the username holds control characters";
    if (fields.expires_at.empty()) return {};
    line.expires_ms = verdict::parse_rfc3339(fields.expires_at);
    const bool is_time = line.expires_ms && *line.expires_ms >= 0 && *line.expires_ms <= kLastMomentMs;
    return is_time ? std::string_view() : "expires_at is not a time like 2026-12-31T23:59:59Z";
}

std::vector<KeyLine> KeyList::take(std::size_t most) {
    std::vector<KeyLine> keys;
    while (!at_end() && keys.size() < most) {
        const Row& row = rows_[next_++];
        Fields fields = fields_of(row.text);
        fields.username = valid_utf8(fields.username);  // before its length is judged: a byte that is not UTF-8 becomes three
        KeyLine line;
        line.line = row.line;
        const std::string_view fault = fault_of(fields, line);
        if (!fault.empty()) {
            if (invalid_++ < limits::kMostReportedLines) bad_lines_.push_back({row.line, fault});
        } else if (!seen_.insert(id_number(fields.key)).second) {
            if (duplicates_++ < limits::kMostReportedLines) duplicate_lines_.push_back(row.line);
        } else {
            line.key = std::move(fields.key);
            line.username = std::move(fields.username);
            keys.push_back(std::move(line));
        }
    }
    return keys;
}

}  // namespace edgepool::app
