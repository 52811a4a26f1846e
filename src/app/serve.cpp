#include "app/serve.hpp"

#include "app/admin.hpp"
#include "app/data_point.hpp"
#include "app/proxy.hpp"
#include "app/metrics.hpp"
#include "app/public_pages.hpp"
#include "app/request_log.hpp"

namespace edgepool::app {
namespace {

Task<void> answer_preflight(Exchange& exchange) {
    host::Respond answer;
    answer.status = exchange.record.status = 204;
    answer.headers = common_headers(exchange);
    answer.headers.add("access-control-allow-methods", "GET, POST, PATCH, DELETE, OPTIONS");
    answer.headers.add("access-control-allow-headers", exchange.request.headers.has("access-control-request-headers")
                                                            ? exchange.request.headers.get("access-control-request-headers")
                                                            : "authorization, content-type, x-api-key");
    answer.headers.add("access-control-max-age", "86400");
    co_await exchange.session.perform(std::move(answer));
}

Task<void> answer_route_error(Exchange& exchange) {
    if (exchange.routing.error == RouteError::not_found) {
        co_await answer_error(exchange, {ErrorCode::not_found, "there is no such route", {}, 0});
    } else {
        co_await answer_error(exchange, {ErrorCode::method_not_allowed, "this route does not take " + exchange.request.method, {}, 0});
    }
}

Task<void> dispatch(Exchange& exchange) {
    switch (exchange.routing.match.handler) {
        case Handler::generate:
        case Handler::passthrough:
        case Handler::models: co_await serve_proxy(exchange); break;
        case Handler::home: co_await serve_home(exchange); break;
        case Handler::health: co_await serve_health(exchange); break;
        case Handler::public_stats: co_await serve_public_stats(exchange); break;
        case Handler::metrics: co_await serve_metrics(exchange); break;
        default: co_await serve_admin(exchange); break;
    }
}

}  // namespace

Task<void> serve(App& app, host::Session& session, std::string wire) {
    Result<Request> request = decode_request(wire);
    Exchange exchange{app, session, request ? std::move(*request) : Request{}, {}, app.next_request_id(), app.now_ms, {}, {}, {}, {}};
    if (request) exchange.routing = route(exchange.request.method, exchange.request.path);
    if (!request) {
        co_await answer_error(exchange, request.error());
    } else if (exchange.request.method == "OPTIONS") {
        co_await answer_preflight(exchange);
    } else if (exchange.routing.error != RouteError::none) {
        co_await answer_route_error(exchange);
    } else {
        co_await dispatch(exchange);
    }
    log_request(exchange);
    if (app.config.writes_data_points) co_await session.perform(data_point_of(exchange));
}

}  // namespace edgepool::app
