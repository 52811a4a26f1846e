// docs/VERDICTS.md as the rules in src/provider/ and src/verdict/ and the constants in src/keys/ make it.
#pragma once

#include <string>

namespace edgepool::conformance {

std::string verdicts_document();

}  // namespace edgepool::conformance
