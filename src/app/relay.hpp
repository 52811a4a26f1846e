// Passing one upstream answer on to the client: refusals, whole answers and streams.
#pragma once

#include <string>

#include "app/journey.hpp"

namespace edgepool::app {

enum class Step : std::uint8_t {
    answered,    // the client has its answer, or has left; the journey is counted
    next_key,    // nothing was committed: another key may be tried
    next_model,  // nor will another key do: only another model can serve
};

// An answer's head, as Fetch reported it.
struct Head {
    host::BodyHandle handle = 0;
    int status = 0;
    Headers headers;
};

// Not a 2xx: judged by its status, headers and the beginning of its body.
Task<Step> relay_refusal(Journey& journey, const keys::KeyPool::Ticket& ticket, const Head& head);

// A 2xx that is not a stream: read whole (when it is not too large), since an error may hide in it.
Task<Step> relay_whole(Journey& journey, const keys::KeyPool::Ticket& ticket, const Head& head);

// A 2xx that streams: held until its first event, then passed on as it comes.
Task<Step> relay_stream(Journey& journey, const keys::KeyPool::Ticket& ticket, const Head& head);

// True when the answer's content type is that of a stream that the plan's dialect can have.
bool is_stream(const Journey& journey, const Head& head);

// Lets go of the kept answer of an earlier attempt: it holds a connection as long as it was not read to its end.
Task<void> drop_kept(Journey& journey);

// Sends the kept answer of an earlier attempt to the client.
Task<void> forward_kept(Journey& journey);

}  // namespace edgepool::app
