#include "http/request.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

namespace edgepool {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Takes the text before the next NUL off `wire`; false when there is none.
bool take_field(std::string_view& wire, std::string_view& field) {
    const std::size_t end = wire.find('\0');
    if (end == std::string_view::npos) return false;
    field = wire.substr(0, end);
    wire.remove_prefix(end + 1);
    return true;
}

}  // namespace

Result<Request> decode_request(std::string_view wire) {
    std::string_view method, url;
    if (!take_field(wire, method) || !take_field(wire, url)) return fail(ErrorCode::bad_request, "the request could not be read");
    if (url.size() > limits::kMaxUrlBytes) return fail(ErrorCode::headers_too_large, "the URL is too long");
    if (wire.size() > limits::kMaxHeaderBytes) return fail(ErrorCode::headers_too_large, "the request headers are too large");

    Request request;
    request.method = method;
    const std::size_t scheme_end = url.find("://");
    const std::size_t path_begin = url.find('/', scheme_end == std::string_view::npos ? 0 : scheme_end + 3);
    if (path_begin == std::string_view::npos) return fail(ErrorCode::bad_request, "the URL has no path");
    request.origin = url.substr(0, path_begin);
    std::string_view rest = url.substr(path_begin);
    rest = rest.substr(0, rest.find('#'));
    const std::size_t question = rest.find('?');
    request.path = rest.substr(0, question);
    if (question != std::string_view::npos) request.query = rest.substr(question + 1);
    request.headers = Headers::from_wire(wire);
    if (request.headers.fields().size() > limits::kMaxHeaders) return fail(ErrorCode::headers_too_large, "too many request headers");
    return request;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            out.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
            i += 2;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

std::string query_value(std::string_view query, std::string_view name) {
    for (const std::string_view pair : split(query, '&')) {
        const std::size_t equals = pair.find('=');
        if (percent_decode(pair.substr(0, equals)) != name) continue;
        std::string value(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
        for (char& c : value) {
            if (c == '+') c = ' ';
        }
        return percent_decode(value);
    }
    return {};
}

std::string_view bearer_credential(const Headers& headers) {
    const std::string_view authorization = headers.get("authorization");
    constexpr std::string_view kScheme = "bearer ";
    if (authorization.size() > kScheme.size() && equals_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) {
        return trim(authorization.substr(kScheme.size()));
    }
    return trim(headers.get("x-api-key"));
}

}  // namespace edgepool
