// A request that is over as a data point for Cloudflare's Analytics Engine, when ANALYTICS_ENGINE asks for it. The same facts as the log's
// line, in fixed places (docs/HTTP-API.md, "The log", names them): no secret, no prompt, no address, every text cut.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

inline constexpr std::string_view kAnalyticsBinding = "ANALYTICS";

host::DataPoint data_point_of(const Exchange& exchange);

}  // namespace edgepool::app
