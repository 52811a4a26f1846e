#include "limits/token_limits.hpp"

#include <algorithm>
#include <variant>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "json/decimal.hpp"
#include "provider/provider.hpp"

namespace edgepool::limits {
namespace {

using json::Json;

tl::unexpected<Error> bad(std::string_view member, std::string_view what) {
    const std::string name = "limits." + std::string(member);
    return fail(ErrorCode::bad_request, name + " " + std::string(what), name);
}

const char* name_of(const Measure& measure, Form form) { return form == Form::api ? measure.name : measure.stored_name; }

bool is_money(const Measure& measure, Form form) { return measure.quantity == Quantity::cost_nano && form == Form::api; }

// A number or its text, as nano-dollars or as a whole number. kNone when it is neither, or out of range.
std::int64_t amount_of(const Json& value, const Measure& measure, Form form) {
    if (!value.is_number() && !value.is_string()) return TokenLimits::kNone;
    const std::string text = value.is_string() ? value.get<std::string>() : json::dump(value);
    if (is_money(measure, form)) {
        const auto nano = json::decimal_to_nano(text);  // what is larger comes as kMostOfOneNumber
        return nano && *nano < json::kMostOfOneNumber ? *nano : TokenLimits::kNone;
    }
    const auto count = parse_u64(text);
    return count && *count < kTokenLimitEnd ? static_cast<std::int64_t>(*count) : TokenLimits::kNone;
}

// nullopt of a list that is no list of texts of that kind.
template <class Accepts>
Result<std::vector<std::string>> texts_of(const Json& value, std::string_view member, std::string_view expected, Accepts accepts) {
    std::vector<std::string> out;
    if (!value.is_array() || value.size() > kMostAllowedNames) return bad(member, expected);
    for (const Json& element : value) {
        if (!element.is_string() || !accepts(element.get_ref<const std::string&>())) return bad(member, expected);
        out.push_back(element.get<std::string>());
    }
    return out;
}

bool is_model_pattern(std::string_view text) {
    const std::size_t star = text.find('*');
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    return !text.empty() && text.size() <= kMaxModelBytes && (star == std::string_view::npos || star + 1 == text.size()) &&
           std::none_of(text.begin(), text.end(), is_control);
}

Result<std::monostate> read_list(TokenLimits& limits, const std::string& member, const Json& value) {
    Result<std::vector<std::string>> texts;
    if (member == "models") {
        texts = texts_of(value, member, "must be a list of at most 64 model names, each whole or a beginning followed by *", is_model_pattern);
        if (texts) limits.models = std::move(*texts);
    } else if (member == "providers") {
        texts = texts_of(value, member, "must be a list of provider ids", [](const std::string& id) { return find_provider(id) != nullptr; });
        if (texts) limits.providers = std::move(*texts);
    } else if (member == "addresses") {
        texts = texts_of(value, member, "must be a list of at most 64 IP addresses or ranges like 10.0.0.0/8 or 2001:db8::/32", [&](const std::string& text) {
            const auto range = parse_address_range(text);
            if (range) limits.addresses.push_back(*range);
            return range.has_value();
        });
        if (texts) limits.address_texts = std::move(*texts);
    } else {
        return bad(member, "is not a limit");
    }
    if (!texts) return tl::unexpected<Error>(texts.error());
    return std::monostate{};
}

void write_texts(json::Writer& out, std::string_view name, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    out.key(name).begin_array();
    for (const std::string& text : texts) out.string(text);
    out.end_array();
}

}  // namespace

bool TokenLimits::limits_nothing() const {
    const bool has_number = std::any_of(most.begin(), most.end(), [](std::int64_t value) { return value != kNone; });
    return !has_number && models.empty() && providers.empty() && addresses.empty() && !is_unreadable;
}

bool TokenLimits::has_budget() const {
    for (std::size_t i = 0; i < kMeasures.size(); ++i) {
        if (most[i] != kNone && kMeasures[i].span != Span::minute) return true;
    }
    return false;
}

Result<TokenLimits> read_limits(const Json& value, Form form) {
    if (!value.is_object()) return fail(ErrorCode::bad_request, "limits must be an object", "limits");
    TokenLimits limits;
    for (auto member = value.begin(); member != value.end(); ++member) {
        if (member.value().is_null()) continue;
        const std::string& name = member.key();
        const auto measure = std::find_if(kMeasures.begin(), kMeasures.end(), [&](const Measure& row) { return name == name_of(row, form); });
        if (measure == kMeasures.end()) {
            const Result<std::monostate> read = read_list(limits, name, member.value());
            if (!read) return tl::unexpected<Error>(read.error());
            continue;
        }
        const std::int64_t amount = amount_of(member.value(), *measure, form);
        if (amount == TokenLimits::kNone) {
            return bad(name, is_money(*measure, form) ? "must be an amount of dollars, from 0 to less than 1000000" : "must be a whole number, from 0 to less than 10^15");
        }
        limits.most[static_cast<std::size_t>(measure - kMeasures.begin())] = amount;
    }
    return limits;
}

TokenLimits read_stored_limits(const Json& value) {
    Result<TokenLimits> limits = read_limits(value, Form::stored);
    if (limits) return std::move(*limits);
    TokenLimits unreadable;
    unreadable.is_unreadable = true;
    return unreadable;
}

void write_limits(json::Writer& out, const TokenLimits& limits, Form form) {
    out.begin_object();
    for (std::size_t i = 0; i < kMeasures.size(); ++i) {
        const std::int64_t most = limits.most[i];
        if (most == TokenLimits::kNone) continue;
        if (is_money(kMeasures[i], form)) out.add_string(kMeasures[i].name, dollars_of(most));
        else out.add_integer(name_of(kMeasures[i], form), most);
    }
    write_texts(out, "models", limits.models);
    write_texts(out, "providers", limits.providers);
    write_texts(out, "addresses", limits.address_texts);
    out.end_object();
}

std::string dollars_of(std::int64_t nano) {
    std::string text = std::to_string(nano / 1'000'000'000);
    std::string part = std::to_string(nano % 1'000'000'000);
    part.insert(0, 9 - part.size(), '0');
    while (!part.empty() && part.back() == '0') part.pop_back();
    return part.empty() ? text : text + "." + part;
}

bool allows_model(const TokenLimits& limits, std::string_view model) {
    if (limits.models.empty()) return true;
    return std::any_of(limits.models.begin(), limits.models.end(), [&](std::string_view pattern) {
        if (pattern.back() != '*') return pattern == model;
        pattern.remove_suffix(1);
        return model.substr(0, pattern.size()) == pattern;
    });
}

bool allows_provider(const TokenLimits& limits, std::string_view provider) {
    return limits.providers.empty() || std::find(limits.providers.begin(), limits.providers.end(), provider) != limits.providers.end();
}

bool allows_address(const TokenLimits& limits, std::string_view address) {
    if (limits.addresses.empty()) return true;
    const auto parsed = parse_address(address);
    return parsed && std::any_of(limits.addresses.begin(), limits.addresses.end(), [&](const AddressRange& range) { return range.contains(*parsed); });
}

}  // namespace edgepool::limits
