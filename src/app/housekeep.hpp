// The daily cron: old figures go, marks of old batches go.
#pragma once

#include "app/app.hpp"

namespace edgepool::app {

Task<void> housekeep(App& app, host::Session& session);

}  // namespace edgepool::app
