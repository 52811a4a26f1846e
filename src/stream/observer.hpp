// Reads what passes of one streamed answer and knows how a stream of its dialect must end. It never changes a byte and never judges:
// whether a missing terminator or an error matters is the flow's decision.
// Invariants: 1. What it says does not depend on where chunks break. 2. Its memory is bounded by kMaxObservedEventBytes and
// limits::kMaxErrorBodyBytes, whatever the stream holds. 3. Usage is what the last report said, never a sum of reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/dialect.hpp"
#include "stream/ndjson_framer.hpp"
#include "stream/sse_framer.hpp"
#include "usage/usage.hpp"
#include "usage/usage_parts.hpp"

namespace edgepool::stream {

class StreamObserver {
public:
    StreamObserver(Dialect dialect, bool sse);

    void push(std::string_view chunk);

    // The stream has ended, cleanly or not: takes a last event that lacks its line end into account.
    // Nothing may be pushed afterwards; finishing again changes nothing.
    void finish();

    // The first real event (not a comment, a ping or a blank) is complete. An error counts.
    bool saw_event() const { return real_events_ > 0; }

    // The first in-band error, as an object {"error": ...} that can be judged like an error body (see usage::WholeAnswer).
    const std::optional<std::string>& error() const { return error_; }

    // The error was the first real event: the client has been given nothing that counts.
    bool error_is_first() const { return error_is_first_; }

    // The dialect's own last event has passed: [DONE], message_stop, response.completed/failed/incomplete, "done": true.
    bool terminated() const { return terminated_; }

    // As reported so far; `reported` is false when nothing was.
    usage::Usage usage() const { return parts_.total(); }

    std::uint64_t bytes() const { return bytes_; }

    // Nothing has passed since the last line feed: what follows begins a line.
    bool at_line_start() const { return last_byte_ == '\n'; }

    // How many real events have passed.
    std::uint64_t events() const { return real_events_; }

    // Where events stand that report usage and nothing else. They are noted from note_usage_events() on, and taken once.
    struct Span {
        std::uint64_t begin = 0;  // bytes of the stream
        std::uint64_t end = 0;
    };
    void note_usage_events() { notes_usage_events_ = true; }
    std::vector<Span> take_usage_events() { return std::exchange(usage_events_, {}); }

    // Of a stream of server-sent events: bytes up to the end of the last whole one.
    std::uint64_t settled() const { return sse_framer_.settled(); }

    // Length of the content that passed, as written in JSON: what an estimate of the tokens goes by.
    std::uint64_t text_bytes() const { return text_bytes_; }

    // Of it, what has passed since usage was last reported.
    std::uint64_t unreported_text_bytes() const { return text_bytes_ - reported_text_bytes_; }

private:
    void observe(const Event& event);
    void observe_facts(const usage::AnswerFacts& facts);
    void observe_name(std::string_view type);
    void keep_error(std::string error);

    Dialect dialect_;
    bool sse_;
    SseFramer sse_framer_;
    NdjsonFramer ndjson_framer_;
    std::uint64_t bytes_ = 0;
    char last_byte_ = '\n';
    std::uint64_t text_bytes_ = 0;
    std::uint64_t reported_text_bytes_ = 0;
    std::uint64_t real_events_ = 0;
    bool terminated_ = false;
    bool error_is_first_ = false;
    std::optional<std::string> error_;
    usage::UsageParts parts_;
    bool notes_usage_events_ = false;
    std::vector<Span> usage_events_;
};

}  // namespace edgepool::stream
