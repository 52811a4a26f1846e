#include "verdict/error_facts.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "json/dom.hpp"
#include "json/scan.hpp"

namespace edgepool::verdict {
namespace {

using json::Json;

// Calls `take` with each '|'-separated needle until it says yes.
template <class Take>
bool any_needle(std::string_view needles, Take take) {
    const std::vector<std::string_view> parts = split(needles, '|');
    return std::any_of(parts.begin(), parts.end(), take);
}

const Json* descend(const Json* from, std::string_view path) {
    for (const std::string_view name : split(path, '.')) {
        if (from == nullptr || !from->is_object()) return nullptr;
        const auto found = from->find(name);
        if (found == from->end()) return nullptr;
        from = &*found;
    }
    return from;
}

// The error's own value inside an answer.
const Json* error_of(const Json& root) {
    if (!root.is_object()) return &root;
    if (const Json* error = descend(&root, "error"); error != nullptr && !error->is_null()) return error;
    if (const Json* error = descend(&root, "response.error"); error != nullptr && !error->is_null()) return error;
    if (const Json* choices = descend(&root, "choices"); choices != nullptr && choices->is_array() && !choices->empty()) {
        if (const Json* error = descend(&choices->front(), "error"); error != nullptr && !error->is_null()) return error;
    }
    return &root;
}

std::optional<std::string> scalar_text(const Json* value) {
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    if (value->is_number() || value->is_boolean()) return json::dump(*value);
    return std::nullopt;
}

// A web page where JSON was due: a proxy's, a firewall's, a login's.
bool looks_like_web_page(const Answer& answer) {
    const std::string_view start = trim(answer.body).substr(0, 64);
    if (!start.empty() && (start.front() == '{' || start.front() == '[')) return false;
    if (contains_ignoring_case(start, "<!doctype html") || contains_ignoring_case(start, "<html")) return true;
    return answer.headers != nullptr && contains_ignoring_case(answer.headers->get("content-type"), "text/html");
}

struct NamedStatus {
    std::string_view names;
    int status;
};
// What errors without a numeric code call themselves, in either dialect.
constexpr std::array<NamedStatus, 8> kNamedStatuses = {{
    {"authentication|authentication_error|invalid_api_key", 401},
    {"billing_error|insufficient_credits|insufficient_quota|payment_required", 402},
    {"permission_denied|permission_error|moderation", 403},
    {"not_found|not_found_error|model_not_found", 404},
    {"payload_too_large|request_too_large", 413},
    {"rate_limit_exceeded|rate_limit_error|rate_limited", 429},
    {"invalid_request|invalid_request_error|invalid_prompt|context_length_exceeded|unprocessable|max_tokens_exceeded", 400},
    {"overloaded_error|provider_overloaded|overloaded", 529},
}};

}  // namespace

struct ErrorFacts::Tree {
    Json root;
    const Json* error = nullptr;
};

ErrorFacts::ErrorFacts(const Answer& answer) : answer_(answer), status_(answer.status), is_web_page_(looks_like_web_page(answer)) {
    const std::string_view body = answer.body.substr(0, limits::kMaxErrorBodyBytes);
    if (!is_web_page_) {
        if (auto parsed = json::parse(body)) {
            tree_ = std::make_unique<Tree>();
            tree_->root = std::move(*parsed);
            tree_->error = error_of(tree_->root);
        }
    }
    if (tree_ != nullptr) {
        if (tree_->error->is_string()) message_ = tree_->error->get<std::string>();
        else message_ = member("message").value_or(member("detail").value_or(std::string()));
    } else if (!is_web_page_) {
        const std::string_view text = trim(body);
        const bool is_broken_json = !text.empty() && (text.front() == '{' || text.front() == '[');
        message_ = is_broken_json ? member_of_raw("message").value_or(member_of_raw("error").value_or(std::string())) : std::string(text);
    }
    lower_message_ = ascii_lower(trim(message_));
    if (answer.in_success) status_ = status_inside();
}

ErrorFacts::~ErrorFacts() = default;

int ErrorFacts::status_inside() const {
    for (const std::string_view path : {"code", "status", "status_code"}) {
        const auto code = parse_u64(member(path).value_or(std::string()));
        if (code && *code >= 400 && *code <= 599) return static_cast<int>(*code);
    }
    for (const std::string_view path : {"code", "metadata.error_type", "error_type", "type"}) {
        const std::string name = ascii_lower(member(path).value_or(std::string()));
        for (const auto& [names, status] : kNamedStatuses) {
            if (any_needle(names, [&](std::string_view needle) { return name == needle; })) return status;
        }
    }
    return 500;
}

std::optional<std::string> ErrorFacts::member(std::string_view path) const {
    if (tree_ == nullptr) return member_of_raw(path);
    if (auto inside = scalar_text(descend(tree_->error, path))) return inside;
    return scalar_text(descend(&tree_->root, path));
}

std::optional<std::string> ErrorFacts::member_of_raw(std::string_view path) const {
    if (is_web_page_) return std::nullopt;
    const std::string_view body = answer_.body.substr(0, limits::kMaxErrorBodyBytes);
    const std::string quoted = "\"" + std::string(path.substr(path.rfind('.') + 1)) + "\"";
    const std::size_t at = body.find(quoted);
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view rest = trim(body.substr(at + quoted.size()));
    if (rest.empty() || rest.front() != ':') return std::nullopt;
    rest = trim(rest.substr(1));
    if (rest.empty()) return std::nullopt;
    if (rest.front() != '"') {
        const std::string_view word = rest.substr(0, rest.find_first_of(",}] \t\r\n"));
        const bool is_scalar = !word.empty() && word.front() != '{' && word.front() != '[' && word != "null";
        return is_scalar ? std::optional<std::string>(word) : std::nullopt;
    }
    std::size_t end = 1;
    while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
    if (end >= rest.size()) return std::string(rest.substr(1));  // cut off inside
    return json::decode_string(rest.substr(0, end + 1));
}

bool ErrorFacts::has_member(std::string_view path) const {
    if (tree_ == nullptr) {
        const std::string quoted = "\"" + std::string(path.substr(path.rfind('.') + 1)) + "\"";
        const std::size_t at = is_web_page_ ? std::string_view::npos : answer_.body.find(quoted);
        if (at == std::string_view::npos) return false;
        const std::string_view rest = trim(answer_.body.substr(at + quoted.size()));
        return !rest.empty() && rest.front() == ':' && trim(rest.substr(1)).substr(0, 4) != "null";
    }
    const Json* value = descend(tree_->error, path);
    if (value == nullptr || value->is_null()) return false;
    return value->is_string() ? !value->get_ref<const std::string&>().empty() : !(value->is_array() && value->empty());
}

bool ErrorFacts::fits(const Says& says) const {
    const auto text_of = [&]() { return says.member == "message" ? lower_message_ : ascii_lower(member(says.member).value_or(std::string())); };
    switch (says.how) {
        case Says::How::anything: return !is_web_page_;
        case Says::How::html: return is_web_page_;
        case Says::How::present: return has_member(says.member);
        case Says::How::about_model: {
            const bool names_it = !answer_.model.empty() && message_.find(answer_.model) != std::string::npos;
            return names_it || lower_message_.find("model") != std::string::npos;
        }
        case Says::How::contains: {
            const std::string text = text_of();
            return any_needle(says.needles, [&](std::string_view needle) { return text.find(needle) != std::string::npos; });
        }
        case Says::How::equals: {
            const std::string text = text_of();
            return any_needle(says.needles, [&](std::string_view needle) { return text == needle; });
        }
    }
    return false;
}

}  // namespace edgepool::verdict
