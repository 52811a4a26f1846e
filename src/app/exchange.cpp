#include "app/exchange.hpp"

#include <algorithm>

#include "app/flush.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "store/rpc.hpp"

namespace edgepool::app {
namespace {

constexpr std::uint32_t kBodyTimeoutMs = 60'000;         // a client that dribbles its body is let go
constexpr std::uint32_t kDefaultRetryAfterS = 5;
constexpr std::size_t kMaxDatabaseAnswerBytes = 16u << 20;
constexpr std::string_view kExposedHeaders =
    "x-request-id, x-pool-attempts, x-pool-key, x-pool-model, x-pool-provider, x-cache, retry-after, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, "
    "x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens";

void add_cross_origin_headers(const Exchange& exchange, Headers& headers) {
    if (exchange.routing.is_public) {
        headers.add("access-control-allow-origin", "*");
        headers.add("access-control-expose-headers", kExposedHeaders);
        return;
    }
    const std::string_view origin = exchange.request.headers.get("origin");
    const auto& allowed = exchange.app.config.admin_origins;
    if (!origin.empty() && std::find(allowed.begin(), allowed.end(), origin) != allowed.end()) {
        headers.add("access-control-allow-origin", origin);
        headers.add("vary", "origin");
    }
}

// An error of ours on a provider's route, before a key was tried: counted by its name.
void note_refusal(Exchange& exchange, const ErrorInfo& info) {
    exchange.record.error = info.name;
    App& app = exchange.app;
    const Provider* provider = exchange.routing.match.provider;
    if (provider == nullptr || exchange.record.attempts > 0 || !app.config.usable()) return;
    ProviderState& state = app.state_of(*provider);
    state.counts.add_refusal(info.name);
    schedule_lazy_flush(app, state);
}

// What a step of a database call may take; a clock that jumped gives it at least a millisecond.
std::uint32_t database_time_ms(const App& app, double deadline_ms) {
    return static_cast<std::uint32_t>(std::clamp<double>(deadline_ms - app.now_ms, 1, limits::kDatabaseTimeoutMs));
}

}  // namespace

std::uint32_t Exchange::left_of(std::uint32_t limit_ms) const {
    const double left_ms = began_ms + limit_ms - app.now_ms;
    return left_ms < 1 ? 1 : static_cast<std::uint32_t>(std::min<double>(left_ms, limit_ms));
}

Headers common_headers(const Exchange& exchange) {
    Headers headers{{"x-request-id", exchange.request_id}};
    add_cross_origin_headers(exchange, headers);
    for (const auto& [name, value] : exchange.limit_headers.fields()) headers.add(name, value);
    return headers;
}

// Hashes of equal length are compared, so the time taken tells nothing about the token.
bool carries_token(const Exchange& exchange, std::string_view token_hash) {
    return equals_constant_time(sha256_hex(bearer_credential(exchange.request.headers)), token_hash);
}

Task<void> answer_json(Exchange& exchange, int status, std::string body) {
    host::Respond answer;
    answer.status = exchange.record.status = status;
    answer.headers = common_headers(exchange);
    answer.headers.add("content-type", "application/json; charset=utf-8");
    answer.headers.add("cache-control", "no-store");
    answer.body = std::move(body);
    co_await exchange.session.perform(std::move(answer));
}

Task<void> answer_error(Exchange& exchange, Error error) {
    const ErrorInfo& info = error_info(error.code);
    note_refusal(exchange, info);
    host::Respond answer;
    answer.status = exchange.record.status = info.http_status;
    answer.headers = common_headers(exchange);
    answer.headers.add("content-type", "application/json; charset=utf-8");
    answer.headers.add("cache-control", "no-store");
    if (info.http_status == 402 || info.http_status == 429 || info.http_status == 503) {
        answer.headers.add("retry-after", std::to_string(error.retry_after_s > 0 ? error.retry_after_s : kDefaultRetryAfterS));
    }
    if (error.code == ErrorCode::method_not_allowed) {
        std::string allowed;
        for (const std::string_view method : exchange.routing.allowed) allowed.append(allowed.empty() ? "" : ", ").append(method);
        answer.headers.add("allow", allowed);
    }
    if (info.http_status == 401) answer.headers.add("www-authenticate", "Bearer");
    answer.body = error_body(exchange.dialect(), error);
    co_await exchange.session.perform(std::move(answer));
}

Task<Result<std::string>> read_body(Exchange& exchange) {
    const std::size_t limit = exchange.app.config.max_body_bytes;
    const std::string too_large = "the request body is larger than " + std::to_string(limit) + " bytes";
    const auto announced = parse_u64(exchange.request.headers.get("content-length"));
    if (announced && *announced > limit) co_return fail(ErrorCode::body_too_large, too_large);
    host::Outcome outcome = co_await exchange.session.perform(host::ReadRequestBody{limit, kBodyTimeoutMs});
    switch (outcome.status) {
        case host::Status::ok: co_return std::move(outcome.data);
        case host::Status::too_large: co_return fail(ErrorCode::body_too_large, too_large);
        case host::Status::timeout: co_return fail(ErrorCode::request_timeout, "the request body did not arrive in time");
        case host::Status::client_gone: co_return fail(ErrorCode::client_gone, "the client has left");
        case host::Status::no_room: co_return fail(ErrorCode::out_of_memory, "this instance of the pool has no memory for the request body now");
        case host::Status::failed: break;
    }
    co_return fail(ErrorCode::body_unreadable, "the request body could not be read");
}

Task<Result<json::Json>> call_database(App& app, host::Session& session, std::string_view function, std::string arguments, double deadline_ms) {
    host::Fetch request = store::rpc_request(app.config.storage, function, arguments);
    request.timeout_ms = database_time_ms(app, deadline_ms);
    const host::Outcome sent = co_await session.perform(std::move(request));
    // That says nothing about the database.
    if (sent.status == host::Status::client_gone) co_return fail(ErrorCode::client_gone, "the client has left");
    if (sent.status != host::Status::ok) {
        const bool slow = sent.status == host::Status::timeout;
        co_return fail(ErrorCode::storage_unavailable, slow ? "the database did not answer in time" : "the database cannot be reached");
    }
    host::Outcome read = co_await session.perform(host::ReadBody{sent.handle, kMaxDatabaseAnswerBytes, database_time_ms(app, deadline_ms)});
    if (read.status != host::Status::ok) {
        co_await session.perform(host::CancelBody{sent.handle});
        if (read.status == host::Status::client_gone) co_return fail(ErrorCode::client_gone, "the client has left");
        co_return fail(ErrorCode::storage_unavailable, "the database's answer was cut short");
    }
    co_return store::read_rpc_answer(sent.number, read.data);
}

}  // namespace edgepool::app
