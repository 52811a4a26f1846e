// Whatever the stream, what passes the filter does not depend on chunks, loses nothing but whole usage events, and in its order.
#include <string>

#include "fuzz/fuzz_check.hpp"
#include "stream/usage_filter.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    stream::StreamObserver whole_observer(Dialect::openai, true), pieces_observer(Dialect::openai, true), plain(Dialect::openai, true);
    stream::UsageFilter whole(whole_observer), pieces(pieces_observer);
    std::string at_once = whole.push(text);
    at_once += whole.finish();
    std::string piecewise;
    fuzz::push_in_pieces(text, [&](std::string_view piece) { piecewise += pieces.push(piece); });
    piecewise += pieces.finish();
    check(at_once == piecewise);

    plain.note_usage_events();
    plain.push(text);
    plain.finish();
    std::string expected;
    std::size_t at = 0;
    for (const auto& hidden : plain.take_usage_events()) {
        expected.append(text.substr(at, hidden.begin - at));
        at = hidden.end;
    }
    expected.append(text.substr(at));
    check(at_once == expected);
    check(whole_observer.usage() == plain.usage());
    return 0;
}
