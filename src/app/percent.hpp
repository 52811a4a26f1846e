// Success rates as the older deployment's clients read them: a share in hundredths of a percent.
#pragma once

#include <cstdint>
#include <string>

namespace edgepool::app {

// "66.67"; "0.00" when there is nothing. Also a JSON number.
std::string percent_text(std::int64_t part, std::int64_t whole);

}  // namespace edgepool::app
