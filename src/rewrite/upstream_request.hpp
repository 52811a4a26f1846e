// What goes up to the provider and what comes down of its headers. The body is not handled here: it passes byte for byte, but for the
// splices that json/ makes.
#pragma once

#include <string>
#include <string_view>

#include "config/config.hpp"
#include "http/headers.hpp"
#include "http/request.hpp"
#include "provider/provider.hpp"

namespace edgepool::rewrite {

// Base URL, the client's path without the provider's removed prefix, the client's query.
// `path` is the client's path without the pool's own provider prefix.
std::string upstream_url(const Provider& provider, const config::ProviderConfig& config, std::string_view path, std::string_view query);

// The client's headers that pass (an allow-list), the provider's credential, and the operator's attribution where the client sent none.
// The client's own credential never passes.
Headers upstream_headers(const Provider& provider, const config::ProviderConfig& config, const Headers& client, std::string_view secret);

// Names of upstream response headers that never reach the client, NUL after each: hop-by-hop ones, cookies, lengths that no longer hold,
// and whatever names the upstream account.
std::string removed_response_headers(const Provider& provider);

// Names of upstream response headers that the core itself reads, NUL after each.
std::string_view consulted_response_headers();

}  // namespace edgepool::rewrite
