// What a flow can ask of the world outside, as values. The host (the shim in production, the fake host in tests) performs one
// operation at a time for a flow and resumes it with an Outcome. Nothing here knows JavaScript or Wasm.
//
// Bodies of upstream answers stay with the host and are named by a handle. What a flow reads of one, the host keeps as well
// ("held"), so that it can be forwarded later without crossing the boundary again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/headers.hpp"
#include "json/splice.hpp"

namespace edgepool::host {

using BodyHandle = std::uint32_t;

enum class Status : std::uint32_t {
    ok = 0,
    timeout = 1,      // the time given with the operation has passed
    failed = 2,       // network failure, or the stream was cut
    client_gone = 3,  // the client has left; nothing can be answered any more. number = 1: the operation was not begun
    too_large = 4,    // the limit given with the operation was passed
    no_room = 5,      // the instance has no memory for the data now
};

enum class BodyKind : std::uint32_t { none = 0, bytes = 1, client = 2 };

// Reads the client's body whole. The host keeps it for Fetch with BodyKind::client. Outcome: data = the body.
struct ReadRequestBody {
    std::size_t max_bytes = 0;
    std::uint32_t timeout_ms = 0;
};

// Sends a request, waits for the answer's headers. Outcome: number = HTTP status, handle = body, data = header wire of `wanted`.
struct Fetch {
    std::string method;
    std::string url;
    Headers headers;
    BodyKind body_kind = BodyKind::none;
    std::string body;                  // for BodyKind::bytes
    std::vector<json::Splice> splices;  // for BodyKind::client
    std::uint32_t timeout_ms = 0;
    std::string_view wanted;           // names of response headers to report, NUL after each; must be static
};

// Reads of an upstream body: a piece as it comes, or until the end or `max_bytes`. Outcome: number = 1 at the end, data.
struct ReadBody {
    BodyHandle handle = 0;
    std::size_t max_bytes = 0;         // 0 = one piece
    std::uint32_t timeout_ms = 0;      // for each piece
    std::uint32_t total_ms = 0;        // for all of them; 0 = no bound beside
};

// Lets go of an upstream body and its connection. Outcome: none of interest.
struct CancelBody {
    BodyHandle handle = 0;
};

// Answers the client with these bytes. An answer that stays open goes on with Write and must Finish.
struct Respond {
    int status = 200;
    Headers headers;
    std::string body;
    bool stays_open = false;
};

// Adds to an answer that stays open. Outcome when the platform has taken it: a client that does not read holds the flow back.
struct Write {
    std::string bytes;
    std::uint32_t timeout_ms = 0;
};

// Answers the client with an upstream's answer: what was held, then the rest as it arrives.
// With observe_ms the flow goes on to Observe until the end and must Finish.
struct Forward {
    BodyHandle handle = 0;
    int status = 200;
    Headers set;                         // headers to set on the upstream's own
    std::string removed;                 // names of headers to remove, NUL after each
    std::uint32_t observe_ms = 0;        // 0 = not observed
};

// Answers the client with an upstream's head alone: what is read of its body goes on by Write, and the flow must Finish.
struct ForwardHead {
    BodyHandle handle = 0;
    int status = 200;
    Headers set;
    std::string removed;
};

// What has passed since the last look, after at most observe_ms, or later if nothing has. Outcome: number = 1 at the end, data; failed = the
// upstream was cut.
struct Observe {
    std::uint32_t timeout_ms = 0;
    bool wants_data = true;  // false: it is only to be known when it ends
};

// Ends a forwarded answer, or one that stays open: `tail` is written after what has gone before. An upstream that has not ended by itself
// is stopped, not awaited. An answer that breaks off is cut, so that nobody takes it for whole; so is one that the client does not take in the
// time given. Outcome: when the client has left, data = what had passed of an observed answer since the last look.
struct Finish {
    std::string tail;
    bool stops_upstream = false;
    bool breaks_off = false;
    std::uint32_t timeout_ms = 0;
};

struct Sleep {
    std::uint32_t timeout_ms = 0;
};

// Outcome: data = that many bytes of the platform's cryptographic generator.
struct RandomBytes {
    std::uint32_t count = 0;
};

// Waits until every flow that this one has spawned so far has ended. Outcome: ok, or timeout when some have not.
struct Join {
    std::uint32_t timeout_ms = 0;
};

// Asks a rate-limiting binding of the platform about a key. Outcome: number = 1 when it is within the rate, 0 when not; failed = there is
// no such binding.
struct RateLimit {
    std::string binding;
    std::string key;
};

// Connects, writes, and reads until the other side closes. Outcome: data = what it said; too_large past max_bytes.
struct SocketExchange {
    std::string host;
    std::uint32_t port = 0;
    bool is_encrypted = false;
    std::string bytes;
    std::size_t max_bytes = 0;
    std::uint32_t timeout_ms = 0;
};

// Asks the platform's cache of this location. Outcome: number = 1 when the entry is there, data = its body.
struct CacheGet {
    std::string url;
    std::size_t max_bytes = 0;
    std::uint32_t timeout_ms = 0;
};

// Keeps a body there, as long as its headers say.
struct CachePut {
    std::string url;
    Headers headers;
    std::string body;
    std::uint32_t timeout_ms = 0;
};

// Gives a data point to an analytics binding of the platform; nobody waits for it. Outcome: failed = there is no such binding.
struct DataPoint {
    std::string binding;
    std::string index;    // what the platform samples by
    std::string blobs;    // NUL after each
    std::string numbers;  // decimal, NUL after each
};

using Operation = std::variant<std::monostate, ReadRequestBody, Fetch, ReadBody, CancelBody, Respond, Forward, Observe, Finish, Sleep, RandomBytes,
                               Write, Join, RateLimit, SocketExchange, ForwardHead, CacheGet, CachePut,
                               DataPoint>;

struct Outcome {
    Status status = Status::ok;
    std::uint32_t number = 0;
    BodyHandle handle = 0;
    std::string data;
};

}  // namespace edgepool::host
