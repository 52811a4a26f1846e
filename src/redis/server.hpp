// The Redis that REDIS_URL names, and how it is spoken to: RESP over a socket (redis://, rediss://), or Upstash's REST interface (https://,
// http://, and every host of upstash.io, whose password is the REST interface's token).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgepool::redis {

enum class Transport : std::uint8_t { none, socket, tls_socket, rest };

struct Server {
    Transport transport = Transport::none;
    std::string host;        // of a socket
    std::uint32_t port = 6379;
    std::string user;        // empty = the default one
    std::string password;    // a secret; the token of the REST interface
    std::uint32_t database = 0;
    std::string rest_url;    // of the REST interface, without a trailing slash; no secret in it
};

// nullopt when the text is no such URL. User and password may be percent-encoded.
std::optional<Server> parse_server(std::string_view url);

}  // namespace edgepool::redis
