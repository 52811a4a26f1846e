// GET /metrics for Prometheus: the database's all-time figures, so every isolate answers the same, with what this one has not sent yet
// sent first. Opened by the admin token or by METRICS_TOKEN.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

Task<void> serve_metrics(Exchange& exchange);

}  // namespace edgepool::app
