#include "redis/server.hpp"

#include "base/text.hpp"
#include "http/request.hpp"

namespace edgepool::redis {
namespace {

constexpr std::string_view kUpstash = ".upstash.io";
constexpr std::uint64_t kHighestDatabase = 1'000'000;

bool ends_with(std::string_view text, std::string_view end) { return text.size() > end.size() && text.substr(text.size() - end.size()) == end; }

// "user:password", "password" alone behind a colon, or a user alone.
void read_credentials(std::string_view text, Server& server) {
    const std::size_t colon = text.find(':');
    server.user = percent_decode(text.substr(0, colon));
    if (colon != std::string_view::npos) server.password = percent_decode(text.substr(colon + 1));
}

// "host", "host:port", "[address]:port".
bool read_place(std::string_view text, Server& server) {
    const std::size_t bracket = text.find(']');
    const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    server.host = text.substr(0, colon);
    if (server.host.empty() || text.find_first_of(" \t\r\n\\?#") != std::string_view::npos) return false;
    if (colon == std::string_view::npos) return true;
    const auto port = parse_u64(text.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return false;
    server.port = static_cast<std::uint32_t>(*port);
    return true;
}

}  // namespace

std::optional<Server> parse_server(std::string_view url) {
    Server server;
    const std::size_t scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) return std::nullopt;
    const std::string scheme = ascii_lower(url.substr(0, scheme_end));
    if (scheme == "redis") server.transport = Transport::socket;
    else if (scheme == "rediss") server.transport = Transport::tls_socket;
    else if (scheme == "https" || scheme == "http") server.transport = Transport::rest;
    else return std::nullopt;

    std::string_view rest = url.substr(scheme_end + 3);
    const std::size_t at = rest.rfind('@');
    if (at != std::string_view::npos) {
        read_credentials(rest.substr(0, at), server);
        rest.remove_prefix(at + 1);
    }
    const std::size_t slash = rest.find('/');
    const std::string_view place = rest.substr(0, slash);
    if (!read_place(place, server)) return std::nullopt;
    const std::string_view path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);

    const bool is_upstash = server.transport != Transport::rest && ends_with(ascii_lower(server.host), kUpstash);
    if (is_upstash) server.rest_url = "https://" + server.host;
    if (server.transport == Transport::rest) server.rest_url = scheme + "://" + std::string(place);
    if (is_upstash || server.transport == Transport::rest) {
        server.transport = Transport::rest;
        // The REST interface knows one database, and nobody without a token.
        const bool is_first = path.empty() || path == "0";
        return is_first && !server.password.empty() ? std::optional<Server>(server) : std::nullopt;
    }
    if (path.empty()) return server;
    const auto database = parse_u64(path);
    if (!database || *database > kHighestDatabase) return std::nullopt;
    server.database = static_cast<std::uint32_t>(*database);
    return server;
}

}  // namespace edgepool::redis
