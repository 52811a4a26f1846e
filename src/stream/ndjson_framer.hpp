// Cuts newline-delimited JSON into lines, wherever its chunks break. Blank lines are ignored, a CR before the LF belongs to the line end,
// and a last line without LF counts. What is in the lines is not looked at. Memory is bounded as in sse_framer.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stream/sse_framer.hpp"

namespace edgepool::stream {

class NdjsonFramer {
public:
    // Calls `on_event(const Event&)` for each line that `chunk` completes.
    template <class F>
    void push(std::string_view chunk, F&& on_event) {
        feed(chunk, EventSink(on_event));
    }

    template <class F>
    void finish(F&& on_event) {
        end(EventSink(on_event));
    }

private:
    void feed(std::string_view chunk, EventSink sink);
    void end(EventSink sink);
    void take_line(std::string_view line, std::uint64_t bytes_end, bool unterminated, EventSink sink);
    void keep(std::string_view piece);

    std::uint64_t position_ = 0;  // bytes taken before the present chunk
    std::string line_;            // the beginning of a line whose end has not come
    bool oversized_ = false;      // line_ is over the bound and was dropped
};

}  // namespace edgepool::stream
