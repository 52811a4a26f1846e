// The rows of the provider table, one source file each. Everybody else asks providers().
#pragma once

#include "provider/provider.hpp"

namespace edgepool {

extern const Provider kOllama;
extern const Provider kOpenRouter;

}  // namespace edgepool
