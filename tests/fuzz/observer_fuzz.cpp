// What the observer says of any stream, in any dialect, does not depend on chunks, and is within its bounds.
// The first byte of the input chooses the dialect.
#include <string>

#include "base/limits.hpp"
#include "fuzz/fuzz_check.hpp"
#include "json/decimal.hpp"
#include "json/scan.hpp"
#include "stream/observer.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

void check_sound(const stream::StreamObserver& observer, std::size_t size) {
    check(observer.bytes() == size);
    check(observer.text_bytes() <= size);
    check(!observer.error_is_first() || observer.error());
    check(!observer.error() || observer.saw_event());
    check(!observer.terminated() || observer.saw_event());
    if (observer.error()) {
        check(json::scan_value(*observer.error()).has_value());
        check(observer.error()->size() <= 6 * limits::kMaxErrorBodyBytes + 100);
    }
    const usage::Usage usage = observer.usage();
    for (const std::int64_t figure : {usage.prompt, usage.completion, usage.cached, usage.reasoning, usage.cost_nano}) {
        check(figure >= 0 && figure <= 3 * json::kMostOfOneNumber);
        check(figure == 0 || usage.reported);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Dialect dialect = data[0] % 3 == 0 ? Dialect::openai : data[0] % 3 == 1 ? Dialect::anthropic : Dialect::ollama;
    const bool sse = dialect != Dialect::ollama;
    const std::string_view text = fuzz::text_of(data + 1, size - 1);

    stream::StreamObserver whole(dialect, sse), pieces(dialect, sse);
    whole.push(text);
    whole.finish();
    fuzz::push_in_pieces(text, [&](std::string_view piece) { pieces.push(piece); });
    pieces.finish();

    check_sound(whole, text.size());
    check(whole.saw_event() == pieces.saw_event() && whole.terminated() == pieces.terminated() && whole.error() == pieces.error() &&
          whole.error_is_first() == pieces.error_is_first() && whole.usage() == pieces.usage() && whole.text_bytes() == pieces.text_bytes());
    return 0;
}
