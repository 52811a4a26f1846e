// Addresses and ranges of any content against a reading by the C library (inet_pton) and a comparison bit by bit.
#include <arpa/inet.h>

#include <cstring>
#include <string>

#include "base/text.hpp"
#include "fuzz/fuzz_check.hpp"
#include "limits/address_range.hpp"

using namespace edgepool;
using edgepool::fuzz::check;
using limits::Address;

namespace {

std::optional<Address> reference(const std::string& text) {
    if (text.find('\0') != std::string::npos) return std::nullopt;
    Address address{};
    if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
    address[10] = address[11] = 0xff;
    if (inet_pton(AF_INET, text.c_str(), &address[12]) == 1) return address;
    return std::nullopt;
}

bool bit_of(const Address& address, unsigned bit) { return (address[bit / 8] >> (7 - bit % 8) & 1) != 0; }

bool contains(const limits::AddressRange& range, const Address& address) {
    for (unsigned bit = 0; bit < range.bits; ++bit) {
        if (bit_of(range.base, bit) != bit_of(address, bit)) return false;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const std::size_t space = text.find(' ');
    const std::string first(text.substr(0, space));
    const std::string second(space == text.npos ? std::string_view() : text.substr(space + 1));

    const auto address = limits::parse_address(first);
    check(address == reference(first));
    check(limits::client_network(first).empty() == !address.has_value());

    const auto range = limits::parse_address_range(first);
    if (!range) return 0;
    check(range->bits <= 128 && range->contains(range->base));
    check(range->base == reference(first.substr(0, first.find('/'))));
    if (const auto other = limits::parse_address(second)) check(range->contains(*other) == contains(*range, *other));
    for (unsigned bit = 0; bit < 128; ++bit) {
        Address flipped = range->base;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(0x80 >> bit % 8);
        check(range->contains(flipped) == (bit >= range->bits));
    }
    return 0;
}
