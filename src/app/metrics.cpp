#include "app/metrics.hpp"

#include "app/admin.hpp"
#include "app/admin_gate.hpp"
#include "app/flush.hpp"
#include "app/metrics_text.hpp"
#include "app/public_pages.hpp"

namespace edgepool::app {
namespace {

using json::Json;

constexpr std::string_view kHint = "send METRICS_TOKEN or the admin token as \"Authorization: Bearer <token>\"";
constexpr unsigned kNanoDigits = 9, kMilliDigits = 3;

// A provider's figures; null when the database did not give them.
struct ProviderFigures {
    std::string_view id;
    Json figures;
};

using AllFigures = std::vector<ProviderFigures>;

std::int64_t figure(const Json& row, const char* name) { return json::get_int_or_text(row, name).value_or(0); }

// write(provider, row) for every row of that name of every provider that has figures.
template <class Write>
void for_rows(const AllFigures& all, const char* name, Write write) {
    for (const ProviderFigures& provider : all) {
        const Json* rows = rows_of(provider.figures, name);
        for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) write(provider.id, (*rows)[i]);
    }
}

template <class Write>
void for_providers(const AllFigures& all, Write write) {
    for (const ProviderFigures& provider : all) {
        if (provider.figures.is_object()) write(provider.id, provider.figures);
    }
}

constexpr std::pair<std::string_view, const char*> kOutcomes[] = {{"success", "success"}, {"failure", "failure"}};
constexpr std::pair<std::string_view, const char*> kTokenKinds[] = {
    {"prompt", "prompt"}, {"completion", "completion"}, {"cached", "cached"}, {"reasoning", "reasoning"}, {"estimated", "estimated"}};
constexpr std::pair<std::string_view, const char*> kKeyStates[] = {
    {"active", "active_keys"}, {"failed", "failed_keys"}, {"disabled", "disabled_keys"}, {"expired", "expired_keys"}};

bool is_limit(std::string_view kind) { return kind.substr(0, limits::kCountedAs.size()) == limits::kCountedAs; }

void write_provider_families(MetricsText& out, const AllFigures& all) {
    out.family("edgepool_database_up", "gauge", "1 when the database gave this provider's figures.");
    for (const ProviderFigures& provider : all) out.sample({{"provider", provider.id}}, provider.figures.is_object() ? "1" : "0");
    out.family("edgepool_requests_total", "counter", "Client requests that reached a key, by how they ended for the client.");
    for_providers(all, [&](std::string_view id, const Json& row) {
        for (const auto& [name, column] : kOutcomes) out.sample({{"provider", id}, {"outcome", name}}, std::to_string(figure(row, column)));
    });
    out.family("edgepool_tokens_total", "counter", "Tokens used. cached is part of prompt, reasoning of completion, estimated of both.");
    for_providers(all, [&](std::string_view id, const Json& row) {
        for (const auto& [name, column] : kTokenKinds) out.sample({{"provider", id}, {"kind", name}}, std::to_string(figure(row, column)));
    });
    out.family("edgepool_cost_dollars_total", "counter", "Cost in US dollars, as the provider reported it.");
    for_providers(all, [&](std::string_view id, const Json& row) {
        out.sample({{"provider", id}}, decimal_text(figure(row, "cost_nano"), kNanoDigits));
    });
    out.family("edgepool_keys", "gauge", "Keys in the pool, by state.");
    for_providers(all, [&](std::string_view id, const Json& row) {
        for (const auto& [name, column] : kKeyStates) out.sample({{"provider", id}, {"state", name}}, std::to_string(figure(row, column)));
    });
    out.family("edgepool_refusals_total", "counter", "Requests refused before a key was tried, by the error's code.");
    for_rows(all, "refusals", [&](std::string_view id, const Json& row) {
        const std::string kind = json::get_string(row, "kind").value_or("");
        if (!is_limit(kind)) out.sample({{"provider", id}, {"code", kind}}, std::to_string(figure(row, "count")));
    });
    out.family("edgepool_limit_refusals_total", "counter", "Those of them that a limit refused, by the limit.");
    for_rows(all, "refusals", [&](std::string_view id, const Json& row) {
        const std::string kind = json::get_string(row, "kind").value_or("");
        if (is_limit(kind)) out.sample({{"provider", id}, {"limit", kind.substr(limits::kCountedAs.size())}}, std::to_string(figure(row, "count")));
    });
}

void write_model_families(MetricsText& out, const AllFigures& all) {
    const auto model_of = [](const Json& row) { return json::get_string(row, "model").value_or(""); };
    out.family("edgepool_model_requests_total", "counter", "Client requests that reached a key, for the models most asked for.");
    for_rows(all, "models", [&](std::string_view id, const Json& row) {
        for (const auto& [name, column] : kOutcomes) {
            out.sample({{"provider", id}, {"model", model_of(row)}, {"outcome", name}}, std::to_string(figure(row, column)));
        }
    });
    out.family("edgepool_model_tokens_total", "counter", "Tokens used, for the models most asked for.");
    for_rows(all, "models", [&](std::string_view id, const Json& row) {
        for (const auto& [name, column] : kTokenKinds) {
            out.sample({{"provider", id}, {"model", model_of(row)}, {"kind", name}}, std::to_string(figure(row, column)));
        }
    });
    out.family("edgepool_model_cost_dollars_total", "counter", "Cost in US dollars, for the models most asked for.");
    for_rows(all, "models", [&](std::string_view id, const Json& row) {
        out.sample({{"provider", id}, {"model", model_of(row)}}, decimal_text(figure(row, "cost_nano"), kNanoDigits));
    });
    out.family("edgepool_model_first_byte_seconds", "summary", "From a request's arrival to its answer's first byte, successes only.");
    for_rows(all, "models", [&](std::string_view id, const Json& row) {
        out.sample({{"provider", id}, {"model", model_of(row)}}, decimal_text(figure(row, "latency_ms"), kMilliDigits), "_sum");
        out.sample({{"provider", id}, {"model", model_of(row)}}, std::to_string(figure(row, "latency_count")), "_count");
    });
}

Task<Json> figures_of(Exchange& exchange, ProviderState& state) {
    co_await flush_now(exchange.app, exchange.session, state);
    const Result<Json> row = co_await admin_database(exchange, "pool_metrics", arguments_for(state));
    const bool is_whole = row && json::get_int_or_text(*row, "total_requests") && json::get_int_or_text(*row, "cost_nano");
    co_return is_whole ? *row : Json();
}

Task<std::string> metrics_body(Exchange& exchange) {
    AllFigures all;
    for (ProviderState& state : exchange.app.providers) {
        if (state.config->disabled) continue;
        Json figures = co_await figures_of(exchange, state);
        all.push_back({state.provider->id, std::move(figures)});
    }
    MetricsText out;
    out.family("edgepool_build_info", "gauge", "The version that is running.");
    out.sample({{"version", kVersion}}, "1");
    write_provider_families(out, all);
    write_model_families(out, all);
    co_return out.take();
}

}  // namespace

Task<void> serve_metrics(Exchange& exchange) {
    const config::Config& config = exchange.app.config;
    Result<std::monostate> admitted = fail(ErrorCode::not_configured, config::configuration_gap(config));
    if (config.usable()) admitted = admit_operator(exchange, {config.metrics_token_hash, config.admin_token_hash}, kHint);
    if (!admitted) {
        co_await answer_error(exchange, admitted.error());
        co_return;
    }
    host::Respond answer;
    answer.status = exchange.record.status = 200;
    answer.headers = common_headers(exchange);
    answer.headers.add("content-type", "text/plain; version=0.0.4; charset=utf-8");
    answer.headers.add("cache-control", "no-store");
    answer.body = co_await metrics_body(exchange);
    co_await exchange.session.perform(std::move(answer));
}

}  // namespace edgepool::app
