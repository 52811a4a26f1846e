// Events come out the same whether the stream arrives whole or in pieces.
#include <string>
#include <vector>

#include "fuzz/fuzz_check.hpp"
#include "stream/sse_framer.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

// Every event as one text, and that their ends go forward through the stream.
struct Transcript {
    std::string text;
    std::uint64_t last_end = 0;

    void operator()(const stream::Event& event) {
        check(event.bytes_end > last_end || event.unterminated);
        check(event.data.size() <= stream::kMaxObservedEventBytes && event.name.size() <= stream::kMaxEventNameBytes);
        last_end = event.bytes_end;
        text.append(event.name).push_back('\x01');
        text.append(event.data).append("\x02" + std::to_string(event.bytes_end));
        text.push_back(event.unterminated ? 'u' : event.oversized ? 'o' : '.');
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    Transcript whole, pieces;
    stream::SseFramer whole_framer, pieces_framer;
    whole_framer.push(text, whole);
    whole_framer.finish(whole);
    fuzz::push_in_pieces(text, [&](std::string_view piece) { pieces_framer.push(piece, pieces); });
    pieces_framer.finish(pieces);
    check(whole.text == pieces.text);
    return 0;
}
