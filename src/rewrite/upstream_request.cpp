#include "rewrite/upstream_request.hpp"

#include <algorithm>
#include <array>

namespace edgepool::rewrite {
namespace {

constexpr std::array<std::string_view, 6> kPassing = {"accept", "content-type", "user-agent", "http-referer", "x-title", "idempotency-key"};
constexpr std::array<std::string_view, 3> kPassingPrefixes = {"anthropic-", "openai-", "x-stainless-"};

// RFC 9110 section 7.6.1, and what the platform computes anew for the answer it sends.
// content-encoding: what passes here is decoded by the platform, and encoded anew for the client where that is worth it.
constexpr std::array<std::string_view, 13> kRemovedAlways = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    "content-length", "content-encoding", "set-cookie", "alt-svc", "server"};

using namespace std::string_view_literals;
constexpr std::string_view kConsulted =
    "content-type\0retry-after\0x-ratelimit-limit\0x-ratelimit-remaining\0x-ratelimit-reset\0x-ratelimit-reset-requests\0"
    "x-ratelimit-reset-tokens\0x-should-retry\0content-length\0"sv;

bool begins_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

bool passes(const Provider& provider, std::string_view name) {
    const auto begins_name = [&](std::string_view prefix) { return begins_with(name, prefix); };
    return std::find(kPassing.begin(), kPassing.end(), name) != kPassing.end() ||
           std::any_of(kPassingPrefixes.begin(), kPassingPrefixes.end(), begins_name) ||
           std::any_of(provider.passing_request_headers.begin(), provider.passing_request_headers.end(), begins_name);
}

// The platform refuses header values outside Latin-1, and what is not ASCII has no defined meaning upstream.
bool is_printable_ascii(std::string_view value) {
    return std::all_of(value.begin(), value.end(), [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
}

}  // namespace

std::string upstream_url(const Provider& provider, const config::ProviderConfig& config, std::string_view path, std::string_view query) {
    if (begins_with(path, provider.removed_path_prefix)) path.remove_prefix(provider.removed_path_prefix.size());
    std::string url = config.base_url;
    url.append(path);
    if (!query.empty()) url.append("?").append(query);
    return url;
}

Headers upstream_headers(const Provider& provider, const config::ProviderConfig& config, const Headers& client, std::string_view secret) {
    Headers headers;
    for (const auto& [name, value] : client.fields()) {
        if (passes(provider, name) && is_printable_ascii(value)) headers.add(name, value);
    }
    for (const auto& [name, value] : config.attribution) {
        if (!headers.has(name)) headers.add(name, value);
    }
    headers.add("authorization", std::string("Bearer ").append(secret));
    return headers;
}

std::string removed_response_headers(const Provider& provider) {
    std::string names;
    const auto append = [&](std::string_view name) { names.append(name).push_back('\0'); };
    for (const std::string_view name : kRemovedAlways) append(name);
    for (const std::string_view name : provider.hidden_response_headers) append(name);
    return names;
}

std::string_view consulted_response_headers() { return kConsulted; }

}  // namespace edgepool::rewrite
