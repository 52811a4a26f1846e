// The root flow: from a decoded request to the flow that serves it.
#pragma once

#include "app/app.hpp"
#include "http/request.hpp"

namespace edgepool::app {

// Answers one client request. `wire` is what the boundary took over (see http/request.hpp).
Task<void> serve(App& app, host::Session& session, std::string wire);

}  // namespace edgepool::app
