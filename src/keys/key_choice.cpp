// Which key serves a request.
#include <algorithm>
#include <cmath>

#include "keys/key_pool.hpp"

namespace edgepool::keys {
namespace {

constexpr std::uint32_t kNone = ReadyKeys::kNone;
constexpr int kDraws = 6;                  // before the set is searched in order
constexpr std::size_t kPlacesPerSweep = 8;
constexpr double kLeastProbeShare = 1.0 / 16;
constexpr double kMostProbeShare = 1.0 / 4;

bool is_first_attempt(const KeyPool::Request& request) { return request.tried == nullptr || request.tried->empty(); }

}  // namespace

void KeyPool::sweep_places(double db_now_ms) {
    const auto lost = places_.sweep(db_now_ms, kPlacesPerSweep);
    if (!lost || slots_[lost->slot].generation != lost->slot_generation) return;
    KeySlot& slot = slots_[lost->slot];
    --slot.in_flight;
    if (slot.phase == Phase::probing && lost->probe == slot.probe) slot.phase = Phase::half_open;
    list_again(lost->slot);
}

bool KeyPool::can_serve(std::uint32_t index, const Request& request, double db_now_ms) const {
    const KeySlot& slot = slots_[index];
    if (!slot.pairs.empty() && bench_for(slot, request.model, db_now_ms) != nullptr) return false;
    return request.tried == nullptr || std::find(request.tried->begin(), request.tried->end(), slot.id) == request.tried->end();
}

std::optional<KeyPool::Ticket> KeyPool::take(const Request& request, double now_ms, Random& random) {
    const double db_now_ms = database_time(now_ms);
    wake_keys(db_now_ms);
    sweep_places(db_now_ms);
    const std::uint32_t index = choose(request, db_now_ms, random);
    if (index == kNone || !guard_.admits(request.model, db_now_ms)) return std::nullopt;

    KeySlot& slot = slots_[index];
    Ticket ticket;
    ticket.slot = index;
    ticket.generation = slot.generation;
    ticket.id = slot.id;
    ticket.secret = slot.secret;
    ticket.probe = slot.phase == Phase::half_open;
    ticket.taken_ms = db_now_ms;
    if (ticket.probe) {
        slot.phase = Phase::probing;
        ++slot.probe;
    }
    ticket.place = places_.open({index, slot.generation, db_now_ms, ticket.probe ? slot.probe : 0});
    ++slot.in_flight;
    if (strategy_ == Strategy::round_robin) open_.move_to_back(index);
    list_again(index);
    return ticket;
}

std::uint32_t KeyPool::choose(const Request& request, double db_now_ms, Random& random) {
    // A recovering key gets its probe soon, but never costs a request two attempts while healthy keys are there.
    if (!half_open_.empty() && !open_.empty() && is_first_attempt(request)) {
        const double share = static_cast<double>(half_open_.size()) / static_cast<double>(half_open_.size() + open_.size());
        if (random.unit() < std::clamp(share, kLeastProbeShare, kMostProbeShare)) {
            const std::uint32_t probed = choose_probe(request, db_now_ms);
            if (probed != kNone) return probed;
        }
    }
    std::uint32_t index = kNone;
    switch (strategy_) {
        case Strategy::p2c: index = choose_by_two(request, db_now_ms, random); break;
        case Strategy::round_robin: index = choose_oldest(request, db_now_ms); break;
        case Strategy::random: index = choose_any(request, db_now_ms, random); break;
        case Strategy::affinity: index = choose_preferred(request, db_now_ms, random); break;
    }
    return index == kNone ? choose_probe(request, db_now_ms) : index;
}

std::uint32_t KeyPool::choose_probe(const Request& request, double db_now_ms) const {
    for (std::uint32_t index = half_open_.first(); index != kNone; index = half_open_.after(index)) {
        if (can_serve(index, request, db_now_ms)) return index;
    }
    return kNone;
}

std::uint32_t KeyPool::better_of(std::uint32_t a, std::uint32_t b, double db_now_ms, Random& random) const {
    if (a == b) return a;
    const auto weight = [&](std::uint32_t index) {
        const KeySlot& slot = slots_[index];
        const double load = 1.0 + slot.in_flight;
        return health(slot, db_now_ms) / (load * load);
    };
    // In proportion, not always the heavier: a key with little quota left still gets its share.
    const double weight_a = weight(a);
    return random.unit() * (weight_a + weight(b)) < weight_a ? a : b;
}

std::uint32_t KeyPool::choose_by_two(const Request& request, double db_now_ms, Random& random) const {
    std::uint32_t first = kNone;
    for (int draw = 0; draw < kDraws && !open_.empty(); ++draw) {
        const std::uint32_t index = open_.draw(random);
        if (!can_serve(index, request, db_now_ms)) continue;
        if (first != kNone) return better_of(first, index, db_now_ms, random);
        first = index;
    }
    return first != kNone ? first : choose_any(request, db_now_ms, random);
}

std::uint32_t KeyPool::choose_any(const Request& request, double db_now_ms, Random& random) const {
    if (open_.empty()) return kNone;
    for (int draw = 0; draw < kDraws; ++draw) {
        const std::uint32_t index = open_.draw(random);
        if (can_serve(index, request, db_now_ms)) return index;
    }
    const std::size_t start = static_cast<std::size_t>(random.below(open_.size()));
    for (std::size_t i = 0; i < open_.size(); ++i) {
        const std::uint32_t index = open_.at((start + i) % open_.size());
        if (can_serve(index, request, db_now_ms)) return index;
    }
    return kNone;
}

std::uint32_t KeyPool::choose_oldest(const Request& request, double db_now_ms) const {
    for (std::uint32_t index = open_.first(); index != kNone; index = open_.after(index)) {
        if (can_serve(index, request, db_now_ms)) return index;
    }
    return kNone;
}

std::uint32_t KeyPool::choose_preferred(const Request& request, double db_now_ms, Random& random) {
    if (request.affinity.empty()) return choose_by_two(request, db_now_ms, random);
    if (ring_is_stale_) {
        std::vector<std::pair<std::string_view, std::uint32_t>> keys;
        keys.reserve(by_id_.size());
        for (const auto& [id, index] : by_id_) keys.emplace_back(id, index);
        ring_.rebuild(keys);
        ring_is_stale_ = false;
    }
    for (const std::uint32_t index : ring_.preferences(request.affinity)) {
        if (open_.contains(index) && can_serve(index, request, db_now_ms)) return index;
    }
    return choose_by_two(request, db_now_ms, random);
}

}  // namespace edgepool::keys
