#include "limits/refusal_gate.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/make_room.hpp"
#include "limits/address_range.hpp"

namespace edgepool::limits {
namespace {

constexpr double kForgottenMs = 15 * 60 * 1000.0;
constexpr std::uint32_t kLongestWaitS = 60;
constexpr std::uint32_t kMostDoublings = 6;

// An address's network, or what stands in an address's place.
std::string name_of(std::string_view address) {
    std::string network = client_network(address);
    return network.empty() ? std::string(address) : network;
}

}  // namespace

std::uint32_t RefusalGate::wait_s(std::string_view address, double now_ms) const {
    const auto found = address.empty() ? entries_.end() : entries_.find(name_of(address));
    if (found == entries_.end()) return 0;
    const double left_ms = found->second.until_ms - now_ms;
    // A clock that was set back must not make the wait longer than it was.
    return left_ms <= 0 ? 0 : std::min(kLongestWaitS, static_cast<std::uint32_t>((left_ms + 999) / 1000));
}

void RefusalGate::note_refusal(std::string_view address, double now_ms) {
    if (address.empty()) return;
    const std::string name = name_of(address);
    if (!entries_.contains(name)) make_room(entries_, kRefusedAddresses, [](const Entry& entry) { return entry.last_ms; });
    Entry& entry = entries_[name];
    if (now_ms - entry.last_ms > kForgottenMs) entry.refusals = 0;
    entry.last_ms = now_ms;
    if (++entry.refusals < kFreeRefusals) return;
    const std::uint32_t doublings = std::min(entry.refusals - kFreeRefusals, kMostDoublings);
    entry.until_ms = now_ms + std::min(kLongestWaitS, 1u << doublings) * 1000.0;
}

void RefusalGate::note_success(std::string_view address) {
    if (!address.empty()) entries_.erase(name_of(address));
}

}  // namespace edgepool::limits
