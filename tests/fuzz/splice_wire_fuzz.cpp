// Splices over the boundary: what the shim makes of their wire form (splice() of js-shim/conversation.mjs, written again here) is what the
// core means by them.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/fuzz_check.hpp"
#include "json/splice.hpp"
#include "worker/record.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

constexpr std::size_t kMostSplices = 8;

std::size_t word_at(std::string_view wire, std::size_t at) {
    check(at + 4 <= wire.size());
    std::size_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(wire[at + i]);
    return value;
}

std::string as_the_shim_does(std::string_view body, std::string_view wire) {
    if (wire.empty()) return std::string(body);
    std::string parts;
    std::size_t from = 0;
    for (std::size_t at = 0; at < wire.size();) {
        const std::size_t offset = word_at(wire, at), removed = word_at(wire, at + 4), inserted = word_at(wire, at + 8);
        check(offset >= from && offset + removed <= body.size() && at + 12 + inserted <= wire.size());
        parts.append(body.substr(from, offset - from)).append(wire.substr(at + 12, inserted));
        from = offset + removed;
        at += 12 + inserted;
    }
    return parts.append(body.substr(from));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Choices choices(data, size);
    std::vector<json::Splice> splices;
    const std::size_t count = choices.below(kMostSplices + 1);
    std::size_t from = 0;
    for (std::size_t i = 0; i < count; ++i) {
        json::Splice splice;
        splice.offset = from + choices.byte();
        splice.remove = choices.byte();
        splice.insert = choices.text();
        from = splice.offset + splice.remove;
        splices.push_back(std::move(splice));
    }
    std::string body;
    while (!choices.is_empty()) body.push_back(static_cast<char>(choices.byte()));
    body.resize(std::max(body.size(), from), '.');
    check(as_the_shim_does(body, worker::splice_wire(splices)) == json::apply_splices(body, splices));
    return 0;
}
