// Before a key is disabled for being refused, its provider is asked about it by the key-information route, in the background; the key
// rests meanwhile. One question for a key: it is asked when a refusal makes the row full, and a resting key is not refused again. Not more
// questions in a minute than the provider allows one account; beyond that, or when the isolate ends first, the key comes back by itself
// after its bench, and its next refusal asks. A provider without such a route has no second opinion: the refusals themselves decide.
#pragma once

#include "app/app.hpp"

namespace edgepool::app {

void seek_second_opinion(App& app, ProviderState& state, keys::Suspect suspect);

}  // namespace edgepool::app
