#include "http/dialect.hpp"

#include "json/splice.hpp"

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

std::string message_of(const Error& error) { return error.detail.empty() ? std::string(error_info(error.code).name) : error.detail; }

}  // namespace

std::string error_body(Dialect dialect, const Error& error) {
    const ErrorInfo& info = error_info(error.code);
    const std::string message = json::quote(message_of(error));
    switch (dialect) {
        case Dialect::openai:
            return "{\"error\":{\"message\":" + message + ",\"type\":" + json::quote(openai_type(info.http_status)) +
                   ",\"param\":" + (error.param.empty() ? "null" : json::quote(error.param)) + ",\"code\":" + json::quote(info.name) + "}}";
        case Dialect::anthropic:
            return "{\"type\":\"error\",\"error\":{\"type\":" + json::quote(anthropic_type(info.http_status)) + ",\"message\":" + message + "}}";
        case Dialect::ollama: return "{\"error\":" + message + "}";
        case Dialect::admin: break;
    }
    return "{\"error\":" + message + ",\"code\":" + json::quote(info.name) +
           (error.param.empty() ? "" : ",\"param\":" + json::quote(error.param)) + "}";
}

std::string stream_error_tail(Dialect dialect, const Error& error) {
    const std::string body = error_body(dialect, error);
    switch (dialect) {
        case Dialect::openai: return "\n\ndata: " + body + "\n\n";
        case Dialect::anthropic: return "\n\nevent: error\ndata: " + body + "\n\n";
        case Dialect::ollama:
        case Dialect::admin: break;
    }
    return "\n" + body + "\n";
}

}  // namespace edgepool
