// Variables of any content: read, or told as problems, and nothing that is told holds a secret.
#include <string>

#include "config/config.hpp"
#include "fuzz/fuzz_check.hpp"
#include "provider/provider.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

constexpr std::string_view kSecret = "s3cret-0123456789abcdef";

std::string without_secret_marks(std::string_view wire) {
    std::string text(wire);
    for (std::size_t mark = text.find('\1'); mark != std::string::npos; mark = text.find('\1')) text.replace(mark, 1, kSecret);
    return text;
}

void check_silent(std::string_view text) { check(text.find(kSecret) == std::string_view::npos); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string wire = without_secret_marks(fuzz::text_of(data, size));
    const config::Variables variables = config::Variables::from_wire(wire);
    const config::Config config = config::read_config(variables);
    check(config.providers.size() == providers().size());
    check(config.max_attempts >= 1 && config.max_attempts <= limits::kHighestMaxAttempts);
    check(config.max_body_bytes >= 1024 && config.max_body_bytes <= limits::kHighestMaxBodyBytes);
    check(config.retention_days >= 1 && config.timeouts.idle_ms >= 100);
    check(config.usable() == config::configuration_gap(config).empty());
    if (config.usable()) check(!config.admin_token_hash.empty() && !config.storage.rest_url.empty() && !config.storage.service_key.empty());
    check_silent(config::configuration_gap(config));
    for (const std::string& problem : config.problems) check_silent(problem);
    const std::string url = config::rest_url_of(wire);
    check(url.empty() || (url.rfind("https://", 0) == 0 && url.find_first_of("@?# \n") == std::string::npos));
    return 0;
}
