#include "limits/address_range.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace edgepool::limits {
namespace {

constexpr unsigned kMappedBits = 96;  // of ::ffff:0:0/96

bool read_v4(std::string_view text, std::uint8_t* bytes) {
    const auto parts = split(text, '.');
    if (parts.size() != 4) return false;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto value = parse_u64(parts[i]);
        if (!value || *value > 255 || (parts[i].size() > 1 && parts[i].front() == '0')) return false;
        bytes[i] = static_cast<std::uint8_t>(*value);
    }
    return true;
}

// One to four hexadecimal digits.
bool read_group(std::string_view text, std::uint8_t* bytes) {
    if (text.empty() || text.size() > 4) return false;
    unsigned value = 0;
    for (const char c : text) {
        const char lower = static_cast<char>(c | 0x20);
        if (c >= '0' && c <= '9') value = value * 16 + static_cast<unsigned>(c - '0');
        else if (lower >= 'a' && lower <= 'f') value = value * 16 + static_cast<unsigned>(lower - 'a' + 10);
        else return false;
    }
    bytes[0] = static_cast<std::uint8_t>(value >> 8);
    bytes[1] = static_cast<std::uint8_t>(value & 0xff);
    return true;
}

// Groups parted by colons, the last of which may be a dotted IPv4 address. The number of bytes, or -1.
int read_groups(std::string_view text, Address& out) {
    if (text.empty()) return 0;
    const auto parts = split(text, ':');
    std::size_t length = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool is_dotted = i + 1 == parts.size() && parts[i].find('.') != std::string_view::npos;
        const std::size_t size = is_dotted ? 4 : 2;
        if (length + size > out.size()) return -1;
        if (!(is_dotted ? read_v4(parts[i], &out[length]) : read_group(parts[i], &out[length]))) return -1;
        length += size;
    }
    return static_cast<int>(length);
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
    Address address{};
    if (text.find(':') == std::string_view::npos) {
        address[10] = address[11] = 0xff;
        return read_v4(text, &address[12]) ? std::optional<Address>(address) : std::nullopt;
    }
    const std::size_t gap = text.find("::");
    if (gap == std::string_view::npos) {
        return read_groups(text, address) == 16 ? std::optional<Address>(address) : std::nullopt;
    }
    Address tail{};
    const bool is_dotted_early = text.substr(0, gap).find('.') != std::string_view::npos;
    const int before = is_dotted_early ? -1 : read_groups(text.substr(0, gap), address);
    const int after = read_groups(text.substr(gap + 2), tail);
    if (before < 0 || after < 0 || before + after > 14) return std::nullopt;
    std::copy(tail.begin(), tail.begin() + after, address.end() - after);
    return address;
}

std::string client_network(std::string_view text) {
    const auto address = parse_address(text);
    if (!address) return {};
    const std::string_view bytes(reinterpret_cast<const char*>(address->data()), address->size());
    const std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", kMappedBits / 8);
    return to_hex(bytes.substr(0, kMappedBits / 8) == mapped ? bytes.substr(kMappedBits / 8) : bytes.substr(0, 8));
}

bool AddressRange::contains(const Address& address) const {
    for (unsigned bit = 0; bit < bits; bit += 8) {
        const unsigned rest = bits - bit;
        const unsigned mask = rest >= 8 ? 0xff : (0xff00U >> rest) & 0xff;
        if (((base[bit / 8] ^ address[bit / 8]) & mask) != 0) return false;
    }
    return true;
}

std::optional<AddressRange> parse_address_range(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string_view base = text.substr(0, slash);
    const auto address = parse_address(base);
    if (!address) return std::nullopt;
    AddressRange range{*address, 128};
    if (slash == std::string_view::npos) return range;
    const unsigned before = base.find(':') == std::string_view::npos ? kMappedBits : 0;
    const std::string_view digits = text.substr(slash + 1);
    const auto bits = parse_u64(digits);
    if (!bits || digits.size() > 3 || *bits > 128 - before) return std::nullopt;
    range.bits = before + static_cast<unsigned>(*bits);
    return range;
}

}  // namespace edgepool::limits
