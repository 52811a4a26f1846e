// One answer for all who ask a public route: kept while it is fresh, fetched by one request at a time, and not fetched again at once after
// a failure, so that visitors without a token cannot make the database work. Nobody waits on another's I/O: while one fetches, the others
// have what was kept, or look again on timers of their own for a while.
// Not here: what the answer is and whether an old one is shown as such.
#pragma once

#include <cstdint>
#include <string>

#include "app/app.hpp"

namespace edgepool::app {

enum class Turn : std::uint8_t {
    kept,   // answer with the body there is, fresh or not
    fetch,  // it is this flow's turn: it ends it by one of the functions below
    none    // there is no body and will be none soon: answer.error says why
};

bool is_fresh(const SharedAnswer& answer, double fresh_ms, double now_ms);

Task<Turn> take_turn(App& app, host::Session& session, SharedAnswer& answer, double fresh_ms);

// The flow whose turn it is goes on to a further call.
void prolong_turn(SharedAnswer& answer, double now_ms);

void keep_answer(SharedAnswer& answer, std::string body, double now_ms);

// The next turn comes after a pause that follows the database's pacing, longer each time.
void note_failure(App& app, SharedAnswer& answer, Error error, std::uint32_t window_ms);

// The client left first, which says nothing about the database; but those who come and go have their turns at that pace, too.
void give_turn_up(SharedAnswer& answer, std::uint32_t window_ms, double now_ms);

}  // namespace edgepool::app
