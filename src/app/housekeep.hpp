// The daily cron: old figures go, marks of old batches go, and a few keys' quotas are asked for.
#pragma once

#include "app/app.hpp"

namespace edgepool::app {

Task<void> housekeep(App& app, host::Session& session);

}  // namespace edgepool::app
