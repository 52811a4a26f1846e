// Which key a client prefers, so that its prompts meet warm caches upstream: a consistent-hashing ring read at several points per client.
// The choice depends on the client and the set of keys alone, not on their order or on this isolate. When a key cannot serve, its
// clients spread over all the others, and come back when it can. O(1) expected; rebuilding after keys came or went is O(n log n).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace edgepool::keys {

class AffinityRing {
public:
    static constexpr std::size_t kPoints = 12;  // points read per client: more is fairer and dearer

    // (key id, slot)
    void rebuild(const std::vector<std::pair<std::string_view, std::uint32_t>>& keys);

    bool empty() const { return ring_.empty(); }

    // The client's preferred slots, best first; a slot may occur twice. Empty when the ring is.
    std::vector<std::uint32_t> preferences(std::string_view client) const;

private:
    std::size_t successor(std::uint64_t point) const;

    std::vector<std::pair<std::uint64_t, std::uint32_t>> ring_;  // by point
    std::vector<std::uint32_t> first_of_bucket_;                // index into ring_ by the point's top bits
    unsigned bucket_shift_ = 63;
};

// A mixing hash without secrets (FNV-1a, finished as in MurmurHash3).
std::uint64_t mix_hash(std::string_view text, std::uint64_t seed = 0);

}  // namespace edgepool::keys
