#include "app/admin_gate.hpp"

#include "http/client_address.hpp"

namespace edgepool::app {

Result<std::monostate> admit_operator(Exchange& exchange, std::initializer_list<std::string_view> token_hashes, std::string_view hint) {
    App& app = exchange.app;
    const std::string_view address = client_address(exchange.request);
    const std::uint32_t wait_s = app.admin_gate.wait_s(address, app.now_ms);
    if (wait_s > 0) {
        Error error{ErrorCode::rate_limited, "too many wrong tokens from this address: wait " + std::to_string(wait_s) + " s", {}, wait_s};
        return tl::unexpected<Error>(std::move(error));
    }
    for (const std::string_view hash : token_hashes) {
        if (!carries_token(exchange, hash)) continue;
        // Only the admin token clears what was guessed at it: a scraper's proves nothing.
        if (hash == app.config.admin_token_hash) app.admin_gate.note_success(address);
        return std::monostate{};
    }
    if (!bearer_credential(exchange.request.headers).empty()) app.admin_gate.note_refusal(address, app.now_ms);
    return fail(ErrorCode::invalid_admin_token, std::string(hint));
}

}  // namespace edgepool::app
