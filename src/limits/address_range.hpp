// Ranges of client addresses: "203.0.113.7", "10.0.0.0/8", "2001:db8::/32". An IPv4 address and the same one mapped into IPv6 are one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgepool::limits {

using Address = std::array<std::uint8_t, 16>;

// RFC 4291 and dotted IPv4; no zone, no port, no leading zeros in IPv4. nullopt when it is neither.
std::optional<Address> parse_address(std::string_view text);

// What stands for one client where addresses are counted: an IPv4 address, or the first half of an IPv6 address, since a household has all
// of the second. Empty when it is no address.
std::string client_network(std::string_view text);

struct AddressRange {
    Address base{};
    unsigned bits = 128;

    bool contains(const Address& address) const;
};

// An address, or an address and a prefix length. Bits of the address behind the prefix are ignored.
std::optional<AddressRange> parse_address_range(std::string_view text);

}  // namespace edgepool::limits
