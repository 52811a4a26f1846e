#include "app/answer_stream.hpp"

#include "base/text.hpp"

namespace edgepool::app {
namespace {

constexpr std::uint32_t kWriteTimeoutMs = 60'000;  // a client that does not read its answer is let go
constexpr std::string_view kLinesType = "application/x-ndjson";

Task<Result<std::monostate>> send_piece(Exchange& exchange, AdminCall& call, AdminCall::Stream kind, std::string bytes, Headers headers) {
    const bool is_first = call.stream == AdminCall::Stream::none;
    host::Outcome outcome;
    if (is_first) {
        call.stream = kind;
        host::Respond answer;
        exchange.record.status = answer.status;
        answer.headers = std::move(headers);
        answer.body = std::move(bytes);
        answer.stays_open = true;
        outcome = co_await exchange.session.perform(std::move(answer));
    } else {
        outcome = co_await exchange.session.perform(host::Write{std::move(bytes), kWriteTimeoutMs});
    }
    if (outcome.status != host::Status::ok) co_return fail(ErrorCode::client_gone, "the client has left");
    co_return std::monostate{};
}

Headers stream_headers(const Exchange& exchange, std::string_view type) {
    Headers headers = common_headers(exchange);
    headers.add("cache-control", "no-store");
    if (!type.empty()) headers.add("content-type", type);
    return headers;
}

}  // namespace

bool wants_progress(const Exchange& exchange) { return contains_ignoring_case(exchange.request.headers.get("accept"), kLinesType); }

Task<Result<std::monostate>> send_progress(Exchange& exchange, AdminCall& call, std::string members) {
    if (!wants_progress(exchange)) co_return std::monostate{};
    Result<std::monostate> sent = co_await send_piece(exchange, call, AdminCall::Stream::lines, "{\"progress\":" + members + "}\n",
                                                      stream_headers(exchange, kLinesType));
    co_return sent;
}

Task<Result<std::monostate>> send_page(Exchange& exchange, AdminCall& call, std::string bytes, const Headers& headers) {
    Headers all = stream_headers(exchange, {});
    for (const auto& [name, value] : headers.fields()) all.add(name, value);
    Result<std::monostate> sent = co_await send_piece(exchange, call, AdminCall::Stream::pages, std::move(bytes), std::move(all));
    co_return sent;
}

Task<void> end_stream(Exchange& exchange, const AdminCall& call, AdminAnswer answer) {
    host::Finish finish;
    finish.timeout_ms = kWriteTimeoutMs;
    if (call.stream == AdminCall::Stream::pages) {
        if (answer) finish.tail = std::move(*answer);
        else finish.breaks_off = true;
    } else {
        finish.tail = answer ? "{\"result\":" + *answer + "}\n" : error_body(Dialect::admin, answer.error()) + "\n";
    }
    co_await exchange.session.perform(std::move(finish));
}

}  // namespace edgepool::app
