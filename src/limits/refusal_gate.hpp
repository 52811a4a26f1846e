// Addresses that send one wrong admin token after the other are made to wait, longer each time, a minute at most: guessing becomes
// hopeless, and an operator who shares the address is never shut out for long. While an address waits, nothing that it sends is looked
// at and nothing makes the wait longer. What this isolate knows, and no more: another isolate begins at zero.
//
// Invariants
// 1. At most limits::kRefusedAddresses are remembered; the ones quiet for longest go first.
// 2. IPv6 addresses count by their /64, which is what one customer has.
// 3. The right admin token clears its address; so does a quarter of an hour without a wrong one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace edgepool::limits {

class RefusalGate {
public:
    // Seconds that `address` still has to wait; 0 = what it sends may be looked at. No address is never made to wait.
    std::uint32_t wait_s(std::string_view address, double now_ms) const;

    void note_refusal(std::string_view address, double now_ms);
    void note_success(std::string_view address);

    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::uint32_t refusals = 0;  // in a row
        double last_ms = 0;
        double until_ms = 0;
    };

    std::map<std::string, Entry> entries_;
};

}  // namespace edgepool::limits
