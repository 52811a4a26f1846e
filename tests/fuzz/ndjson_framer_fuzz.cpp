// Lines come out the same whether the stream arrives whole or in pieces, and together they are all of it but blanks.
#include <string>

#include "fuzz/fuzz_check.hpp"
#include "stream/ndjson_framer.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

struct Transcript {
    std::string text;
    std::size_t bytes = 0;

    void operator()(const stream::Event& event) {
        check(event.data.find('\n') == event.data.npos);
        bytes += event.data.size();
        text.append(event.data).append("\n" + std::to_string(event.bytes_end)).push_back(event.unterminated ? 'u' : '.');
    }
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    Transcript whole, pieces;
    stream::NdjsonFramer whole_framer, pieces_framer;
    whole_framer.push(text, whole);
    whole_framer.finish(whole);
    fuzz::push_in_pieces(text, [&](std::string_view piece) { pieces_framer.push(piece, pieces); });
    pieces_framer.finish(pieces);
    check(whole.text == pieces.text);

    std::size_t not_blank = 0;
    for (const char c : text) not_blank += is_blank(c) ? 0 : 1;
    check(whole.bytes >= not_blank && whole.bytes <= text.size());
    return 0;
}
