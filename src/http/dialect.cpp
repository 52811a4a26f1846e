#include "http/dialect.hpp"

#include "json/writer.hpp"

namespace edgepool {
namespace {

// The error classes of the OpenAI and Anthropic APIs.
std::string_view openai_type(int status) {
    switch (status) {
        case 401: return "authentication_error";
        case 402: return "insufficient_quota";
        case 403: return "permission_error";
        case 429: return "rate_limit_error";
        default: return status < 500 ? "invalid_request_error" : "server_error";
    }
}

std::string_view anthropic_type(int status) {
    switch (status) {
        case 401: return "authentication_error";
        case 402: return "billing_error";
        case 403: return "permission_error";
        case 404: return "not_found_error";
        case 413: return "request_too_large";
        case 429: return "rate_limit_error";
        case 503: return "overloaded_error";
        case 504: return "timeout_error";
        default: return status < 500 ? "invalid_request_error" : "api_error";
    }
}

// The Responses API's own event: its members lie bare beside the type.
std::string response_error(const Error& error, std::uint64_t events_before) {
    const std::string_view name = error_info(error.code).name;
    json::Writer out;
    out.begin_object().add_string("type", "error").add_string("code", name).add_string("message", error.detail.empty() ? name : std::string_view(error.detail));
    out.add_null("param").add_integer("sequence_number", static_cast<std::int64_t>(events_before));
    return out.end_object().take();
}

}  // namespace

std::string_view dialect_name(Dialect dialect) {
    switch (dialect) {
        case Dialect::openai:
        case Dialect::responses: return "openai";
        case Dialect::anthropic: return "anthropic";
        case Dialect::ollama: return "native";
        case Dialect::admin: return "admin";
    }
    return "admin";
}

std::string error_body(Dialect dialect, const Error& error) {
    const ErrorInfo& info = error_info(error.code);
    const std::string_view message = error.detail.empty() ? info.name : std::string_view(error.detail);
    json::Writer out;
    out.begin_object();
    switch (dialect) {
        case Dialect::openai:
        case Dialect::responses:
            out.key("error").begin_object().add_string("message", message).add_string("type", openai_type(info.http_status));
            if (error.param.empty()) out.add_null("param");
            else out.add_string("param", error.param);
            out.add_string("code", info.name).end_object();
            break;
        case Dialect::anthropic:
            out.add_string("type", "error").key("error").begin_object();
            out.add_string("type", anthropic_type(info.http_status)).add_string("message", message).end_object();
            break;
        case Dialect::ollama: out.add_string("error", message); break;
        case Dialect::admin:
            out.add_string("error", message).add_string("code", info.name);
            if (!error.param.empty()) out.add_string("param", error.param);
            break;
    }
    return out.end_object().take();
}

std::string stream_error_event(Dialect dialect, std::string_view body) {
    switch (dialect) {
        case Dialect::openai: return std::string("data: ").append(body).append("\n\n");
        case Dialect::responses:
        case Dialect::anthropic: return std::string("event: error\ndata: ").append(body).append("\n\n");
        case Dialect::ollama:
        case Dialect::admin: break;
    }
    return std::string(body).append("\n");
}

std::string stream_error_tail(Dialect dialect, const Error& error, std::uint64_t events_before) {
    const bool is_sse = speaks_openai(dialect) || dialect == Dialect::anthropic;
    const std::string body = dialect == Dialect::responses ? response_error(error, events_before) : error_body(dialect, error);
    return (is_sse ? "\n\n" : "\n") + stream_error_event(dialect, body);
}

}  // namespace edgepool
