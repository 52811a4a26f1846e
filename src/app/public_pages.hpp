// What anybody may ask without a token: health, the public figures and the front door. No secret and no key or token name is in them.
#pragma once

#include "app/exchange.hpp"

namespace edgepool::app {

inline constexpr std::string_view kVersion = "0.1.0";

Task<void> serve_home(Exchange& exchange);
Task<void> serve_health(Exchange& exchange);
Task<void> serve_public_stats(Exchange& exchange);

// The provider that ?provider= names, else the default one. Error: unknown_provider.
Result<const Provider*> provider_of_query(const Exchange& exchange);

// A member that is a list of texts.
void write_texts(json::Writer& out, std::string_view name, const std::vector<std::string>& texts);

}  // namespace edgepool::app
