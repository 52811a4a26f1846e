// Asking a provider about keys by its key-information route: costs nothing, generates nothing, names no model. What it learns about a
// pooled key goes to the database like any verdict, and from there to every isolate.
#pragma once

#include <string>
#include <string_view>

#include "app/app.hpp"
#include "verdict/probe.hpp"

namespace edgepool::app {

// One question about one key. A provider that cannot be asked gives the standing `unknown`.
Task<verdict::ProbeReading> probe_key(App& app, host::Session& session, const ProviderState& state, std::string secret);

// Asks about at most `count` usable keys, beginning at a random place, and records what was learnt. Gives how many were asked about.
// Asks no more than the provider allows in a minute. What the provider says a key has cost is laid beside our own figure.
Task<std::size_t> probe_some_keys(App& app, host::Session& session, ProviderState& state, std::size_t count);

}  // namespace edgepool::app
