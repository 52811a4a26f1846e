#include "stream/ndjson_framer.hpp"

#include "base/text.hpp"

namespace edgepool::stream {

void NdjsonFramer::feed(std::string_view chunk, EventSink sink) {
    std::size_t at = 0;
    while (at < chunk.size()) {
        const std::size_t line_end = chunk.find('\n', at);
        if (line_end == chunk.npos) {
            keep(chunk.substr(at));
            break;
        }
        const std::string_view piece = chunk.substr(at, line_end - at);
        at = line_end + 1;
        if (line_.empty() && !oversized_) {
            take_line(piece, position_ + at, false, sink);
        } else {
            keep(piece);
            take_line(line_, position_ + at, false, sink);
        }
    }
    position_ += chunk.size();
}

void NdjsonFramer::end(EventSink sink) { take_line(line_, position_, true, sink); }

void NdjsonFramer::take_line(std::string_view line, std::uint64_t bytes_end, bool unterminated, EventSink sink) {
    if (line.size() > kMaxObservedEventBytes) oversized_ = true;
    line = trim(line);
    if (oversized_) sink(Event{{}, {}, bytes_end, true, unterminated});
    else if (!line.empty()) sink(Event{{}, line, bytes_end, false, unterminated});
    line_.clear();
    oversized_ = false;
}

void NdjsonFramer::keep(std::string_view piece) {
    if (oversized_ || piece.size() > kMaxObservedEventBytes - line_.size()) {
        oversized_ = true;
        line_ = std::string();
    } else {
        line_.append(piece);
    }
}

}  // namespace edgepool::stream
