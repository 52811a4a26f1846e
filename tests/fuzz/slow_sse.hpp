// Server-sent events as WHATWG HTML 9.2.6 has them, read slowly: the whole stream is cut into lines first, and then they are taken one by
// one. With what stream/sse_framer.hpp adds: positions, bounds, and an event that the end of the stream cuts off.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fuzz_check.hpp"
#include "stream/sse_framer.hpp"

namespace edgepool::fuzz {

struct SlowEvent {
    std::string name, data;
    std::uint64_t bytes_begin = 0, bytes_end = 0;
    bool oversized = false, unterminated = false;

    friend bool operator==(const SlowEvent&, const SlowEvent&) = default;
};

// An event of the framer as such a value.
inline SlowEvent kept(const stream::Event& event) {
    check(event.data.size() <= stream::kMaxObservedEventBytes && event.name.size() <= stream::kMaxEventNameBytes);
    return {std::string(event.name), std::string(event.data), event.bytes_begin, event.bytes_end, event.oversized, event.unterminated};
}

inline std::vector<SlowEvent> slow_events(std::string_view text) {
    std::vector<SlowEvent> events;
    SlowEvent event;
    bool has_data = false;
    const auto dispatch = [&](std::uint64_t end, bool unterminated) {
        event.bytes_end = end;
        event.unterminated = unterminated;
        event.oversized = event.data.size() > stream::kMaxObservedEventBytes;
        if (event.oversized) event.data.clear();
        event.name.resize(event.name.size() > stream::kMaxEventNameBytes ? stream::kMaxEventNameBytes : event.name.size());
        if (has_data) events.push_back(event);
        event = {};
        event.bytes_begin = end;
        has_data = false;
    };
    const auto take_field = [&](std::string_view line) {
        const std::size_t colon = line.find(':');
        const std::string_view field = line.substr(0, colon);
        std::string_view value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
        if (!value.empty() && value[0] == ' ') value = value.substr(1);
        if (field == "event") event.name = value;
        if (field != "data") return;
        if (has_data) event.data.push_back('\n');
        event.data += value;
        has_data = true;
    };
    std::size_t at = text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
    while (at < text.size()) {
        std::size_t end = at;
        while (end < text.size() && text[end] != '\r' && text[end] != '\n') ++end;
        const std::string_view line = text.substr(at, end - at);
        const bool is_ended = end < text.size();
        if (!line.empty())
            take_field(line);
        else
            dispatch(end + 1, false);
        if (!is_ended) break;
        at = end + (text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n' ? 2 : 1);
    }
    dispatch(text.size(), true);
    return events;
}

}  // namespace edgepool::fuzz
