// The record in which a pending operation crosses to the shim (abi.def). Pointers are into memory that stays as it is until the next
// call into the instance.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/operation.hpp"

namespace edgepool::worker {

enum class OperationKind : std::uint32_t {
#define EDGEPOOL_OPERATION(number, name) name = number,
#include "worker/abi_lists.hpp"
};

enum Word : std::uint32_t {
#define EDGEPOOL_WORD(index, name) kWord_##name = index,
#include "worker/abi_lists.hpp"
};

// Native addresses do not fit a word: natively the record holds 64-bit words, in Wasm 32-bit ones.
using RecordWord = std::uintptr_t;

class Record {
public:
    // Describes `operation` of `task`; the operation must outlive the record's use.
    void fill(std::uint32_t task, const host::Operation& operation);

    // Tasks that the core has started meanwhile.
    void set_spawned(std::vector<std::uint32_t> tasks);

    const RecordWord* words() const { return words_.data(); }
    RecordWord word(Word index) const { return words_[index]; }
    std::string_view text(std::size_t number) const;

private:
    void describe(const std::monostate&);
    void describe(const host::ReadRequestBody& op);
    void describe(const host::Fetch& op);
    void describe(const host::ReadBody& op);
    void describe(const host::CancelBody& op);
    void describe(const host::Respond& op);
    void describe(const host::Forward& op);
    void describe(const host::ForwardHead& op);
    void describe(const host::CacheGet& op);
    void describe(const host::CachePut& op);
    void describe(const host::DataPoint& op);
    void describe(const host::Observe& op);
    void describe(const host::Finish& op);
    void describe(const host::Sleep& op);
    void describe(const host::RandomBytes& op);
    void describe(const host::RateLimit& op);
    void describe(const host::SocketExchange& op);
    void describe(const host::Write& op);
    void describe(const host::Join& op);

    void set(OperationKind kind, RecordWord a = 0, RecordWord b = 0, RecordWord c = 0, RecordWord d = 0);
    void set_text(std::size_t number, std::string_view text);

    std::array<RecordWord, kWord_words> words_{};
    std::string header_wire_;
    std::string splice_wire_;
    std::vector<std::uint32_t> spawned_;
};

// The wire form of splices: little-endian offset, removed, inserted length, inserted bytes; repeated.
std::string splice_wire(const std::vector<json::Splice>& splices);

}  // namespace edgepool::worker
