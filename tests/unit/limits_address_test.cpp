// Addresses and ranges of them.
#include <array>
#include <string>
#include <vector>

#include "limits/address_range.hpp"
#include "support/catch.hpp"

using namespace edgepool;

namespace {

bool contains(const std::string& range, const std::string& address) {
    const auto parsed = limits::parse_address_range(range);
    const auto of = limits::parse_address(address);
    REQUIRE(parsed.has_value());
    REQUIRE(of.has_value());
    return parsed->contains(*of);
}

}  // namespace

TEST_CASE("an address is in its own range and in no other") {
    CHECK(contains("203.0.113.7", "203.0.113.7"));
    CHECK_FALSE(contains("203.0.113.7", "203.0.113.8"));
    CHECK(contains("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"));
    CHECK_FALSE(contains("2001:db8::1", "2001:db8::2"));
}

TEST_CASE("a range holds its first and last address and not the ones beside them") {
    for (const auto& [range, before, first, last, after] : std::vector<std::array<const char*, 5>>{
             {"10.0.0.0/8", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
             {"192.168.4.0/23", "192.168.3.255", "192.168.4.0", "192.168.5.255", "192.168.6.0"},
             {"203.0.113.7/32", "203.0.113.6", "203.0.113.7", "203.0.113.7", "203.0.113.8"},
             {"2001:db8::/32", "2001:db7:ffff::", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
             {"fe80::/10", "fe7f:ffff::", "fe80::", "febf:ffff::1", "fec0::"},
         }) {
        CAPTURE(range);
        CHECK_FALSE(contains(range, before));
        CHECK(contains(range, first));
        CHECK(contains(range, last));
        CHECK_FALSE(contains(range, after));
    }
}

TEST_CASE("all addresses of a kind are a range") {
    CHECK(contains("0.0.0.0/0", "255.255.255.255"));
    CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
    CHECK(contains("::/0", "2001:db8::1"));
    CHECK(contains("::/0", "1.2.3.4"));
}

TEST_CASE("an IPv4 address and the same one mapped into IPv6 are one") {
    CHECK(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
    CHECK(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
}

TEST_CASE("bits behind the prefix mean nothing") { CHECK(contains("10.1.2.3/8", "10.9.9.9")); }

TEST_CASE("what is no address or range is refused") {
    for (const char* text : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.-4", "a.b.c.d", "1.2.3.4:80", "::1%eth0", ":", ":::", "1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "1:2:3:4:5:6:7::8", "[::1]", "::1.2.3", "1.2.3.4::", " 1.2.3.4", "localhost"}) {
        CAPTURE(text);
        CHECK_FALSE(limits::parse_address(text).has_value());
    }
    for (const char* text : {"1.2.3.4/", "1.2.3.4/33", "::/129", "1.2.3.4/-1", "1.2.3.4/8/8", "/8", "1.2.3.4/0008"}) {
        CAPTURE(text);
        CHECK_FALSE(limits::parse_address_range(text).has_value());
    }
    CHECK(limits::parse_address_range("::/128").has_value());
}
