// A set of key slots with the three draws that selection needs, each O(1): one at random, the one that has waited longest, membership.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.hpp"

namespace edgepool::keys {

class ReadyKeys {
public:
    static constexpr std::uint32_t kNone = 0xFFFFFFFFu;

    // Nothing happens when it is in already. A newcomer has waited least.
    void insert(std::uint32_t slot);
    void erase(std::uint32_t slot);
    void clear();

    bool contains(std::uint32_t slot) const { return slot < rows_.size() && rows_[slot].position != kNone; }
    std::size_t size() const { return members_.size(); }
    bool empty() const { return members_.empty(); }

    // In no particular order.
    std::uint32_t at(std::size_t index) const { return members_[index]; }

    // kNone when empty.
    std::uint32_t draw(Random& random) const;

    // From the one that has waited longest on; kNone at the end.
    std::uint32_t first() const { return head_; }
    std::uint32_t after(std::uint32_t slot) const { return rows_[slot].next; }

    // It has had its turn.
    void move_to_back(std::uint32_t slot);

private:
    struct Row {
        std::uint32_t position = kNone;  // in members_
        std::uint32_t previous = kNone;
        std::uint32_t next = kNone;
    };

    void link_at_back(std::uint32_t slot);
    void unlink(std::uint32_t slot);

    std::vector<Row> rows_;  // by slot
    std::vector<std::uint32_t> members_;
    std::uint32_t head_ = kNone;
    std::uint32_t tail_ = kNone;
};

}  // namespace edgepool::keys
