#include "keys/affinity_ring.hpp"

#include <algorithm>

namespace edgepool::keys {
namespace {

std::uint64_t finish(std::uint64_t h) {
    h ^= h >> 33;
    h *= 0xFF51AFD7ED558CCDull;
    h ^= h >> 33;
    h *= 0xC4CEB9FE1A85EC53ull;
    h ^= h >> 33;
    return h;
}

}  // namespace

std::uint64_t mix_hash(std::string_view text, std::uint64_t seed) {
    std::uint64_t h = 0xCBF29CE484222325ull ^ finish(seed);
    for (const char c : text) {
        h ^= static_cast<unsigned char>(c);
        h *= 0x100000001B3ull;
    }
    return finish(h);
}

void AffinityRing::rebuild(const std::vector<std::pair<std::string_view, std::uint32_t>>& keys) {
    ring_.clear();
    ring_.reserve(keys.size());
    for (const auto& [id, slot] : keys) ring_.emplace_back(mix_hash(id), slot);
    std::sort(ring_.begin(), ring_.end());

    unsigned bits = 1;
    while ((std::size_t{1} << bits) < ring_.size()) ++bits;
    bucket_shift_ = 64 - bits;
    first_of_bucket_.assign(std::size_t{1} << bits, 0);
    std::size_t at = 0;
    for (std::size_t bucket = 0; bucket < first_of_bucket_.size(); ++bucket) {
        while (at < ring_.size() && (ring_[at].first >> bucket_shift_) < bucket) ++at;
        first_of_bucket_[bucket] = static_cast<std::uint32_t>(at);
    }
}

std::size_t AffinityRing::successor(std::uint64_t point) const {
    std::size_t at = first_of_bucket_[static_cast<std::size_t>(point >> bucket_shift_)];
    while (at < ring_.size() && ring_[at].first < point) ++at;
    return at < ring_.size() ? at : 0;
}

std::vector<std::uint32_t> AffinityRing::preferences(std::string_view client) const {
    std::vector<std::uint32_t> slots;
    if (ring_.empty()) return slots;
    std::array<std::pair<std::uint64_t, std::uint32_t>, kPoints> found;  // distance, slot
    std::uint64_t point = mix_hash(client);
    for (auto& [distance, slot] : found) {
        point = finish(point + 0x9E3779B97F4A7C15ull);
        const auto& [key_point, key_slot] = ring_[successor(point)];
        distance = key_point - point;  // wraps round as the ring does
        slot = key_slot;
    }
    std::sort(found.begin(), found.end());
    slots.reserve(found.size());
    for (const auto& [distance, slot] : found) slots.push_back(slot);
    return slots;
}

}  // namespace edgepool::keys
