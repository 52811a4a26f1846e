// Every variable that the configuration reads, as the dashboard lists them: set or not, its value unless it is a secret, its default.
// A variable that config.cpp reads and this list lacks fails a test (config_settings_test.cpp).
#pragma once

#include <string>
#include <vector>

#include "config/variables.hpp"

namespace edgepool::config {

struct Setting {
    std::string name;
    std::string value;     // as written, cut at limits::kMaxShownValueBytes; always empty for a secret and for what holds an "@"
    std::string fallback;  // what counts when it is not set; empty = nothing
    bool is_secret = false;
    bool is_set = false;
};

// In the order in which an operator reads them: what must be set first.
std::vector<Setting> read_settings(const Variables& variables);

}  // namespace edgepool::config
