// SHA-256 (FIPS 180-4), synchronous. The platform's own digest is asynchronous only, and looking a client token up must not
// suspend a request. Used for token and key identities; not used for passwords or signatures.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace edgepool {

std::array<std::uint8_t, 32> sha256(std::string_view data);

// The digest as 64 lower-case hex digits.
std::string sha256_hex(std::string_view data);

}  // namespace edgepool
