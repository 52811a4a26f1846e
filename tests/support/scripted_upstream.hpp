// Everything that answers HTTP to the core in tests: what is sent back and when, as a value; and an upstream provider that follows a
// script. Which attempt or key meets which reply is the test's to say.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/headers.hpp"

namespace edgepool::test {

struct Piece {
    double after_ms = 0;  // after the piece before, or after the headers
    std::string bytes;
};

struct Reply {
    enum class Kind { answers, unreachable, silent };
    enum class End { clean, cut, stalled };

    Kind kind = Kind::answers;
    double head_ms = 20;  // until the headers, or until the connection fails
    int status = 200;
    Headers headers;
    std::vector<Piece> pieces;
    End end = End::clean;
    double end_after_ms = 0;  // after the last piece

    Reply with(std::string_view name, std::string_view value) const;
    Reply slower(double ms) const;       // until the headers
    Reply cut_after(std::size_t pieces) const;
    Reply stalled_after(std::size_t pieces) const;
};

Reply json_reply(int status, std::string body);
Reply unreachable();
Reply silent();  // accepts the connection and never answers

// The providers' dialects. Every answer uses 7 prompt and 5 completion tokens where it says so.
Reply chat_answer(std::string_view text = "hello");
Reply refusal(int status, std::string_view message = "no");
Reply event_stream(std::vector<std::string> pieces, double between_ms = 50);
Reply chat_stream();           // role, two words, usage, [DONE]: five pieces
Reply anthropic_stream();      // ends with message_stop
Reply native_stream();         // NDJSON, three lines

inline constexpr std::string_view kChatStreamText = "one two";

// What reached an upstream.
struct Seen {
    double at_ms = 0;
    std::string method;
    std::string url;
    Headers headers;
    std::string body;
    std::string key;            // the bearer credential
    bool was_stopped = false;   // the connection was let go of before the answer had ended
};

class ScriptedUpstream {
public:
    // What a request gets: its path's reply where there is one, else its key's; else the next of the order; else the default.
    Reply answer(Seen request);

    void by_default(Reply reply) { default_ = std::move(reply); }
    void in_order(std::vector<Reply> replies) { order_.assign(replies.begin(), replies.end()); }
    void for_key(std::string_view key, Reply reply) { by_key_[std::string(key)] = std::move(reply); }
    void for_path(std::string_view path, Reply reply) { by_path_[std::string(path)] = std::move(reply); }  // the end of the URL
    void forget_keys() { by_key_.clear(); }

    std::vector<Seen>& seen() { return seen_; }
    std::size_t count() const { return seen_.size(); }
    std::vector<std::string> keys_seen() const;

private:
    Reply default_ = chat_answer();
    std::deque<Reply> order_;
    std::map<std::string, Reply> by_key_;
    std::map<std::string, Reply> by_path_;
    std::vector<Seen> seen_;
};

}  // namespace edgepool::test
