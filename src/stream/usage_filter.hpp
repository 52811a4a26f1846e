// Keeps back from a stream of server-sent events those that report usage and nothing else: the pool asked for them (STREAM_USAGE=exact),
// the client did not. Every other byte passes as it came, an event as soon as it is whole. What passes does not depend on chunks; what
// waits is bounded, since an event too large to be looked at goes on unread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stream/observer.hpp"

namespace edgepool::stream {

class UsageFilter {
public:
    // The observer is shown every byte, and must outlive the filter.
    explicit UsageFilter(StreamObserver& observer) : observer_(observer) { observer_.note_usage_events(); }

    // Takes what came, gives what may go on.
    std::string push(std::string_view chunk);

    // The stream has ended: what still waited.
    std::string finish();

private:
    std::string release(std::uint64_t until);

    StreamObserver& observer_;
    std::string waiting_;
    std::uint64_t waiting_from_ = 0;  // bytes of the stream before waiting_
};

}  // namespace edgepool::stream
