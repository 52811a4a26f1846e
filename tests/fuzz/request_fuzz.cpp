// A request as it crosses the boundary: what is accepted is whole, and every part of it can be read without harm. Percent-decoding
// against a plain reader.
#include <string>

#include "app/router.hpp"
#include "base/limits.hpp"
#include "fuzz/fuzz_check.hpp"
#include "http/request.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string decode_plainly(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_escape = text[i] == '%' && i + 2 < text.size() && digit_of(text[i + 1]) >= 0 && digit_of(text[i + 2]) >= 0;
        if (is_escape) out.push_back(static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2])));
        else out.push_back(text[i]);
        if (is_escape) i += 2;
    }
    return out;
}

void check_headers(const Headers& headers) {
    const Headers again = Headers::from_wire(headers.to_wire());
    check(again.fields() == headers.fields());
    std::size_t bytes = 0;
    for (const auto& [name, value] : headers.fields()) {
        bytes += name.size() + value.size();
        check(headers.has(name));
        for (const char c : name) check(c < 'A' || c > 'Z');
    }
    check(bytes <= limits::kMaxHeaderBytes && headers.fields().size() <= limits::kMaxHeaders);
    const std::string_view credential = bearer_credential(headers);
    check(credential.size() <= bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    check(percent_decode(text) == decode_plainly(text));
    check(query_value(text, "provider").size() <= text.size());

    const Result<Request> request = decode_request(text);
    if (!request) {
        check(request.error().code == ErrorCode::bad_request || request.error().code == ErrorCode::headers_too_large);
        return 0;
    }
    check(request->origin.size() + request->path.size() + request->query.size() <= limits::kMaxUrlBytes);
    check(request->path.find('?') == std::string::npos);
    check_headers(request->headers);
    const app::Routing routing = app::route(request->method, request->path);
    check((routing.error == app::RouteError::method_not_allowed) == !routing.allowed.empty() || routing.error == app::RouteError::none);
    return 0;
}
