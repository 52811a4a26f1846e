#include "json/dom.hpp"

#include <cmath>

#include "base/limits.hpp"
#include "json/block.hpp"
#include "json/scan.hpp"

namespace edgepool::json {
namespace {

const Json* member(const Json& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found != object.end() ? &*found : nullptr;
}

// Integers up to here are exact in a double.
constexpr double kMostExactDouble = 9007199254740992.0;

std::optional<std::int64_t> integer_of(const Json& value) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        return number <= INT64_MAX ? std::optional<std::int64_t>(static_cast<std::int64_t>(number)) : std::nullopt;
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (!value.is_number_float()) return std::nullopt;
    const auto number = value.get<double>();
    if (!(number >= -kMostExactDouble && number <= kMostExactDouble)) return std::nullopt;
    const auto whole = static_cast<std::int64_t>(number);
    return static_cast<double>(whole) == number ? std::optional<std::int64_t>(whole) : std::nullopt;
}

// Decimal digits with an optional minus, all of int64.
std::optional<std::int64_t> integer_of(std::string_view text) {
    const bool negative = !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    std::int64_t value = 0;  // counted downwards: there is one more number below zero than above
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, c - '0', &value)) return std::nullopt;
    }
    if (negative) return value;
    return value != INT64_MIN ? std::optional<std::int64_t>(-value) : std::nullopt;
}

// Nine decimals, trailing zeros cut: enough for what people configure. The library's own shortest form costs the module 10 kB.
std::string decimal_of(double number) {
    constexpr std::int64_t kScale = 1'000'000'000;
    if (!(std::fabs(number) <= kMostExactDouble)) return "null";
    const double magnitude = std::fabs(number);
    auto whole = static_cast<std::int64_t>(magnitude);
    auto fraction = static_cast<std::int64_t>(std::floor((magnitude - static_cast<double>(whole)) * static_cast<double>(kScale) + 0.5));
    whole += fraction / kScale;
    fraction %= kScale;
    std::string text = (number < 0 ? "-" : "") + std::to_string(whole);
    if (fraction == 0) return text;
    std::string digits = std::to_string(fraction + kScale).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    return text + "." + digits;
}

// Of a text that a scan has accepted. Every value but the first stands behind an opening or a comma; an empty container counts one more.
bool has_too_many_values(std::string_view text) {
    if (text.size() <= limits::kMaxJsonTreeValues) return false;
    std::size_t values = 1;
    const char* const end = text.data() + text.size();
    for (const char* p = text.data(); p != end; ++p) {
        if (*p == '"') {
            for (p = find_string_stop(p + 1, end); *p != '"'; p = find_string_stop(p, end)) p += 2;
        } else if (*p == ',' || *p == '[' || *p == '{') {
            ++values;
        }
    }
    return values > limits::kMaxJsonTreeValues;
}

}  // namespace

Error parse_error(std::string_view text) {
    const Result<Range> scanned = scan_value(text);
    if (!scanned) return scanned.error();
    if (!has_too_many_values(text)) return {ErrorCode::bad_json, "bad JSON: not valid UTF-8"};
    return {ErrorCode::bad_json, "bad JSON: more than " + std::to_string(limits::kMaxJsonTreeValues) + " values"};
}

std::optional<Json> parse(std::string_view text) {
    if (!scan_value(text) || has_too_many_values(text)) return std::nullopt;
    // What Json::parse() does, but for its second parser for callbacks: that one would be an eighth of the library's size in the module.
    Json value;
    nlohmann::detail::json_sax_dom_parser<Json> builder(value, false);
    if (!Json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
    return value;
}

std::string dump(const Json& value) {
    Writer out;
    write(out, value);
    return out.take();
}

void write(Writer& out, const Json& value) {
    switch (value.type()) {
        case Json::value_t::object:
            out.begin_object();
            for (auto member = value.begin(); member != value.end(); ++member) write(out.key(member.key()), member.value());
            out.end_object();
            break;
        case Json::value_t::array:
            out.begin_array();
            for (const Json& element : value) write(out, element);
            out.end_array();
            break;
        case Json::value_t::string: out.string(value.get_ref<const std::string&>()); break;
        case Json::value_t::boolean: out.boolean(value.get<bool>()); break;
        case Json::value_t::number_integer: out.integer(value.get<std::int64_t>()); break;
        case Json::value_t::number_unsigned: out.raw(std::to_string(value.get<std::uint64_t>())); break;
        case Json::value_t::number_float: out.raw(decimal_of(value.get<double>())); break;
        default: out.null(); break;
    }
}

std::optional<std::string> get_string(const Json& object, const char* name) {
    const Json* value = member(object, name);
    return value != nullptr && value->is_string() ? std::optional<std::string>(value->get<std::string>()) : std::nullopt;
}

std::optional<std::int64_t> get_int(const Json& object, const char* name) {
    const Json* value = member(object, name);
    return value != nullptr ? integer_of(*value) : std::nullopt;
}

std::optional<bool> get_bool(const Json& object, const char* name) {
    const Json* value = member(object, name);
    return value != nullptr && value->is_boolean() ? std::optional<bool>(value->get<bool>()) : std::nullopt;
}

std::optional<std::int64_t> get_int_or_text(const Json& object, const char* name) {
    const Json* value = member(object, name);
    if (value == nullptr) return std::nullopt;
    return value->is_string() ? integer_of(std::string_view(value->get_ref<const std::string&>())) : integer_of(*value);
}

}  // namespace edgepool::json
