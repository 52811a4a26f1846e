// Cuts a stream of server-sent events (WHATWG HTML, 9.2.6) into events, wherever its chunks break. CR, LF and CRLF end lines, a leading
// byte order mark is dropped, comments and unknown fields are ignored, data lines are joined by LF.
// Memory is bounded: the data of an event over kMaxObservedEventBytes is dropped and the event flagged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace edgepool::stream {

// What of one event is kept in order to look at it. Larger events pass, unread.
inline constexpr std::size_t kMaxObservedEventBytes = 1u << 20;

// Longer names of events are cut; the dialects' own have at most 40 bytes.
inline constexpr std::size_t kMaxEventNameBytes = 256;

// One event or line. The views hold until the callback returns.
struct Event {
    std::string_view name;        // SSE's "event" field; empty for NDJSON
    std::string_view data;        // empty when oversized
    std::uint64_t bytes_end = 0;  // of the stream, just behind the event; the LF of a final CRLF counts to what follows
    bool oversized = false;
    bool unterminated = false;  // the stream ended before the event did
    std::uint64_t bytes_begin = 0;  // SSE: where it begins, comments before it included
};

// A callback that outlives the call it is passed to: two pointers, no allocation.
class EventSink {
public:
    template <class F>
    explicit EventSink(F& callee)
        : callee_(const_cast<void*>(static_cast<const void*>(std::addressof(callee)))),
          call_([](void* f, const Event& event) { (*static_cast<F*>(f))(event); }) {}

    void operator()(const Event& event) const { call_(callee_, event); }

private:
    void* callee_;
    void (*call_)(void*, const Event&);
};

class SseFramer {
public:
    // Calls `on_event(const Event&)` for each event that `chunk` completes.
    template <class F>
    void push(std::string_view chunk, F&& on_event) {
        feed(chunk, EventSink(on_event));
    }

    // The stream has ended: an event that lacks its blank line is passed on all the same, flagged.
    template <class F>
    void finish(F&& on_event) {
        end(EventSink(on_event));
    }

    // Bytes of the stream up to the last blank line: what follows belongs to an event that is not complete.
    std::uint64_t settled() const { return settled_; }

private:
    void feed(std::string_view chunk, EventSink sink);
    void end(EventSink sink);
    std::string_view without_mark(std::string_view chunk);
    void take_line(std::string_view line, std::uint64_t line_end, EventSink sink);
    void take_field(std::string_view line);
    void add_data(std::string_view value);
    void dispatch(std::uint64_t bytes_end, bool unterminated, EventSink sink);
    void keep_line(std::string_view piece);
    void keep_data();

    std::uint64_t position_ = 0;  // bytes taken before the present chunk
    std::uint64_t settled_ = 0;
    unsigned mark_matched_ = 0;   // bytes of the byte order mark met so far; 3 = the question is settled
    bool skip_lf_ = false;        // the last byte was a CR that ended a line
    std::string line_;            // the beginning of a line whose end has not come
    bool line_cut_ = false;       // line_ lacks bytes: it is over the bound
    std::string name_;
    std::string data_;       // several data lines, or one that had to outlive its chunk
    std::string_view view_;  // the only data line so far, still in the present chunk
    bool has_data_ = false;
    bool oversized_ = false;
};

}  // namespace edgepool::stream
