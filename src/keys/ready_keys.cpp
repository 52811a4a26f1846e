#include "keys/ready_keys.hpp"

namespace edgepool::keys {

void ReadyKeys::insert(std::uint32_t slot) {
    if (slot >= rows_.size()) rows_.resize(static_cast<std::size_t>(slot) + 1);
    if (rows_[slot].position != kNone) return;
    rows_[slot].position = static_cast<std::uint32_t>(members_.size());
    members_.push_back(slot);
    link_at_back(slot);
}

void ReadyKeys::erase(std::uint32_t slot) {
    if (!contains(slot)) return;
    const std::uint32_t position = rows_[slot].position;
    const std::uint32_t last = members_.back();
    members_[position] = last;
    rows_[last].position = position;
    members_.pop_back();
    rows_[slot].position = kNone;
    unlink(slot);
}

void ReadyKeys::clear() {
    rows_.clear();
    members_.clear();
    head_ = tail_ = kNone;
}

std::uint32_t ReadyKeys::draw(Random& random) const {
    return members_.empty() ? kNone : members_[static_cast<std::size_t>(random.below(members_.size()))];
}

void ReadyKeys::move_to_back(std::uint32_t slot) {
    if (!contains(slot) || tail_ == slot) return;
    unlink(slot);
    link_at_back(slot);
}

void ReadyKeys::link_at_back(std::uint32_t slot) {
    Row& row = rows_[slot];
    row.previous = tail_;
    row.next = kNone;
    (tail_ == kNone ? head_ : rows_[tail_].next) = slot;
    tail_ = slot;
}

void ReadyKeys::unlink(std::uint32_t slot) {
    Row& row = rows_[slot];
    (row.previous == kNone ? head_ : rows_[row.previous].next) = row.next;
    (row.next == kNone ? tail_ : rows_[row.next].previous) = row.previous;
    row.previous = row.next = kNone;
}

}  // namespace edgepool::keys
