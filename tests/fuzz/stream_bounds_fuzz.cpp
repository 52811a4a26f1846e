// Streams around the bounds of their readers, which no input of some kilobytes reaches: a 0x1F in the input, a byte n and a byte c stand
// for n pieces of 16 KiB of c. Events, lines and what passes the usage filter do not depend on chunks; events are what a reader makes of
// the stream that goes line by line as the specification does; nothing that is kept is over its bound.
#include <string>
#include <vector>

#include "fuzz/fuzz_check.hpp"
#include "fuzz/slow_sse.hpp"
#include "stream/ndjson_framer.hpp"
#include "stream/usage_filter.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

constexpr std::size_t kPieceBytes = 16u << 10;
constexpr std::size_t kMostBytes = 3u << 20;
constexpr char kRepeat = '\x1F';

std::string expanded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != kRepeat || i + 2 >= text.size()) {
            out.push_back(text[i]);
            continue;
        }
        const std::size_t bytes = static_cast<unsigned char>(text[i + 1]) * kPieceBytes;
        if (out.size() + bytes <= kMostBytes) out.append(bytes, text[i + 2]);
        i += 2;
    }
    return out;
}

// In pieces of up to 64 KiB; each is memory of its own, gone after the call.
template <class F>
void push_in_large_pieces(std::string_view text, F push) {
    std::uint32_t state = static_cast<std::uint32_t>(text.size()) * 2654435761u + 1;
    while (!text.empty()) {
        state = state * 1664525u + 1013904223u;
        const std::string piece(text.substr(0, 1 + (state >> 16)));
        push(std::string_view(piece));
        text.remove_prefix(piece.size());
    }
}

std::vector<fuzz::SlowEvent> events_in_pieces(std::string_view text) {
    std::vector<fuzz::SlowEvent> events;
    stream::SseFramer framer;
    const auto keep = [&](const stream::Event& event) { events.push_back(fuzz::kept(event)); };
    push_in_large_pieces(text, [&](std::string_view piece) { framer.push(piece, keep); });
    framer.finish(keep);
    return events;
}

struct Lines {
    std::string text;

    void operator()(const stream::Event& event) {
        check(event.data.size() <= stream::kMaxObservedEventBytes && (!event.oversized || event.data.empty()));
        text.append(event.data)
            .append("\n" + std::to_string(event.bytes_end))
            .push_back(event.oversized      ? 'o'
                       : event.unterminated ? 'u'
                                            : '.');
    }
};

void check_lines(std::string_view text) {
    Lines whole, pieces;
    stream::NdjsonFramer whole_framer, pieces_framer;
    whole_framer.push(text, whole);
    whole_framer.finish(whole);
    push_in_large_pieces(text, [&](std::string_view piece) { pieces_framer.push(piece, pieces); });
    pieces_framer.finish(pieces);
    check(whole.text == pieces.text);
}

void check_filter(std::string_view text) {
    stream::StreamObserver whole_observer(Dialect::openai, true), pieces_observer(Dialect::openai, true);
    stream::UsageFilter whole(whole_observer), pieces(pieces_observer);
    std::string at_once = whole.push(text);
    at_once += whole.finish();
    std::string piecewise;
    push_in_large_pieces(text, [&](std::string_view piece) { piecewise += pieces.push(piece); });
    piecewise += pieces.finish();
    check(at_once == piecewise && whole_observer.usage() == pieces_observer.usage() && at_once.size() <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = expanded(fuzz::text_of(data, size));
    check(events_in_pieces(text) == fuzz::slow_events(text));
    check_lines(text);
    check_filter(text);
    return 0;
}
