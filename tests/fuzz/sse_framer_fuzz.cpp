// Events come out as a reader has them that goes line by line as the specification does, whether the stream arrives whole or in pieces.
#include <vector>

#include "fuzz/fuzz_check.hpp"
#include "fuzz/slow_sse.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    std::vector<fuzz::SlowEvent> whole, pieces;
    const auto keep_whole = [&](const stream::Event& event) { whole.push_back(fuzz::kept(event)); };
    const auto keep_pieces = [&](const stream::Event& event) { pieces.push_back(fuzz::kept(event)); };
    stream::SseFramer whole_framer, pieces_framer;
    whole_framer.push(text, keep_whole);
    whole_framer.finish(keep_whole);
    fuzz::push_in_pieces(text, [&](std::string_view piece) { pieces_framer.push(piece, keep_pieces); });
    pieces_framer.finish(keep_pieces);
    const std::vector<fuzz::SlowEvent> expected = fuzz::slow_events(text);
    check(whole == expected && pieces == expected);
    return 0;
}
