#include "app/app.hpp"

#include <cstring>

#include "base/sha256.hpp"
#include "base/text.hpp"

namespace edgepool::app {
namespace {

std::uint64_t seed_number(std::string_view seed) {
    const auto digest = sha256(seed);
    std::uint64_t number = 0;
    std::memcpy(&number, digest.data(), sizeof number);
    return number;
}

}  // namespace

App::App(config::Config app_config, std::string_view seed)
    : config(std::move(app_config)), random(seed_number(seed)), batch_seed_(seed) {
    providers.reserve(edgepool::providers().size());
    for (const Provider& provider : edgepool::providers()) {
        providers.emplace_back(provider, config.providers[provider_index(provider)], config.strategy);
    }
}

std::string App::next_batch_id() {
    return sha256_hex(batch_seed_ + ":" + std::to_string(++batch_count_)).substr(0, 32);
}

std::string App::next_request_id() {
    const std::uint64_t number = random.next();
    return to_hex({reinterpret_cast<const char*>(&number), sizeof number});
}

void App::log(bool is_error, std::string json_line) {
    log_lines.push_back({is_error, std::string(clip_utf8(json_line, limits::kMaxLogLineBytes))});
}

}  // namespace edgepool::app
