#include "app/admin_keys.hpp"

#include "app/admin.hpp"
#include "app/key_lines.hpp"
#include "app/readiness.hpp"
#include "base/text.hpp"

namespace edgepool::app {
namespace {

using json::Json;

constexpr std::size_t kMostReportedLines = 1000;   // of bad lines; the rest is counted
constexpr std::uint32_t kMostPagesOfAll = 40;      // ?fetch=all: 40,000 keys within the subrequest budget
constexpr std::int64_t kLongestTtlS = 100LL * 365 * 24 * 3600;

Json key_row(const Json& row) {
    Json out{{"id", json::get_string(row, "id").value_or("")},
             {"api_key", json::get_string(row, "masked").value_or("")},
             {"username", json::get_string(row, "username").value_or("")},
             {"status", json::get_string(row, "status").value_or("")},
             {"until", iso_or_null(row, "until_ms")},
             {"created_at", iso_or_null(row, "created_ms")},
             {"expires_at", iso_or_null(row, "expires_ms")},
             {"last_success", iso_or_null(row, "last_success_ms")},
             {"last_failure", iso_or_null(row, "last_failure_ms")},
             {"consecutive_failures", json::get_int(row, "fails").value_or(0)}};
    const auto reason = json::get_string(row, "reason");
    out["reason"] = reason ? Json(*reason) : Json(nullptr);
    add_figures(out, row);
    return out;
}

Json key_rows(const Json& answer) {
    Json out = Json::array();
    const auto rows = answer.find("keys");
    if (rows == answer.end() || !rows->is_array()) return out;
    for (const Json& row : *rows) out.push_back(key_row(row));
    return out;
}

Json row_to_add(const KeyLine& line) {
    Json row{{"key", line.key}};
    if (!line.username.empty()) row["username"] = line.username;
    if (line.expires_ms) row["expires_ms"] = static_cast<std::int64_t>(*line.expires_ms);
    return row;
}

// Names given as one text or an array of texts under any of `names`.
std::vector<std::string> texts_of(const Json& body, std::initializer_list<const char*> names) {
    std::vector<std::string> texts;
    for (const char* name : names) {
        const auto member = body.find(name);
        if (member == body.end()) continue;
        if (member->is_string()) texts.push_back(member->get<std::string>());
        if (!member->is_array()) continue;
        for (const Json& item : *member) {
            if (item.is_string()) texts.push_back(item.get<std::string>());
        }
    }
    return texts;
}

bool is_key_id(std::string_view text) { return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

Result<KeyLines> read_import(const Exchange& exchange, std::string_view body) {
    const std::string_view type = exchange.request.headers.get("content-type");
    if (contains_ignoring_case(type, "text/csv")) return read_csv_lines(body);
    if (contains_ignoring_case(type, "text/plain")) return read_text_lines(body);
    const Result<json::Range> scanned = json::scan_value(body);
    if (!scanned) return tl::unexpected<Error>(scanned.error());
    return read_json_keys(body);
}

// The provider that an import names: only a JSON body can.
Result<ProviderState*> import_provider(Exchange& exchange, std::string_view body) {
    const std::string_view type = exchange.request.headers.get("content-type");
    if (contains_ignoring_case(type, "text/")) return admin_provider(exchange, Json::object());
    constexpr std::string_view kNames[] = {"provider"};
    const auto scanned = json::scan_object(body, kNames);
    if (!scanned) return tl::unexpected<Error>(scanned.error());
    const auto provider = scanned->last(0);
    if (!provider) return admin_provider(exchange, Json::object());
    const auto named = json::parse(provider->in(body));
    return admin_provider(exchange, Json{{"provider", named ? *named : Json(0)}});
}

struct Added {
    std::int64_t added = 0;
    std::int64_t existing = 0;
};

// Adds keys [from, from + kKeysPerDatabaseCall). nullopt when the database failed; its error has been answered then.
Task<std::optional<Added>> add_chunk(Exchange& exchange, const ProviderState& state, const std::vector<KeyLine>& keys, std::size_t from) {
    Json rows = Json::array();
    for (std::size_t i = from; i < keys.size() && i < from + limits::kKeysPerDatabaseCall; ++i) rows.push_back(row_to_add(keys[i]));
    const std::optional<Json> answer =
        co_await admin_database(exchange, "pool_keys_add", Json{{"provider", state.provider->id}, {"keys", std::move(rows)}});
    if (!answer) co_return std::nullopt;
    co_return Added{json::get_int(*answer, "added").value_or(0), json::get_int(*answer, "existing").value_or(0)};
}

Result<KeyLine> key_to_add(const Json& body, double now_ms) {
    KeyLine line;
    line.key = std::string(trim(json::get_string(body, "api_key").value_or(json::get_string(body, "apiKey").value_or(""))));
    const std::string_view fault = key_fault(line.key);
    if (!fault.empty()) return fail(ErrorCode::bad_request, std::string("api_key: ").append(fault), "api_key");
    const auto username = body.find("username");
    if (username != body.end() && !username->is_null()) {
        const auto text = json::get_string(body, "username");
        if (!text || text->size() > limits::kMaxNameBytes) {
            return fail(ErrorCode::bad_request, "username must be a text of at most " + std::to_string(limits::kMaxNameBytes) + " bytes", "username");
        }
        line.username = *text;
    }
    const auto ttl = body.find("ttl");
    if (ttl != body.end() && !ttl->is_null()) {
        const auto seconds = json::get_int(body, "ttl");
        if (!seconds || *seconds < 0 || *seconds > kLongestTtlS) {
            return fail(ErrorCode::bad_request, "ttl must be a whole number of seconds, 0 for no expiry", "ttl");
        }
        if (*seconds > 0) line.expires_ms = now_ms + static_cast<double>(*seconds) * 1000;
    }
    return line;
}

}  // namespace

Task<void> serve_keys_list(Exchange& exchange) {
    const Result<AdminCall> call = co_await read_admin_call(exchange, BodyUse::none);
    Result<PageRequest> page = page_of_query(exchange);
    if (!call || !page) {
        co_await answer_error(exchange, call ? page.error() : call.error());
        co_return;
    }
    const bool is_everything = query_value(exchange.request.query, "fetch") == "all";
    if (is_everything) page = PageRequest{1, limits::kMaxPageSize};
    Json arguments{{"provider", call->state->provider->id}, {"page_size", page->page_size}};
    for (const char* name : {"status", "search", "sort"}) {
        const std::string value = query_value(exchange.request.query, name);
        if (!value.empty()) arguments[name] = valid_utf8(value);
    }
    Json body{{"api_keys", Json::array()}};
    std::int64_t total = 0;
    const std::uint32_t first_page = page->page;
    for (std::uint32_t number = first_page; number < first_page + (is_everything ? kMostPagesOfAll : 1); ++number) {
        arguments["page"] = number;
        const std::optional<Json> answer = co_await admin_database(exchange, "pool_keys_list", arguments);
        if (!answer) co_return;
        total = json::get_int(*answer, "total").value_or(0);
        Json rows = key_rows(*answer);
        const bool is_last = rows.size() < page->page_size;
        for (Json& row : rows) body["api_keys"].push_back(std::move(row));
        if (is_last) break;
    }
    add_paging(body, *page, total);
    co_await answer_json(exchange, 200, std::move(body));
}

Task<void> serve_keys_add(Exchange& exchange) {
    const Result<AdminCall> call = co_await read_admin_call(exchange, BodyUse::required);
    if (!call) {
        co_await answer_error(exchange, call.error());
        co_return;
    }
    const Result<KeyLine> line = key_to_add(call->body, exchange.app.now_ms);
    if (!line) {
        co_await answer_error(exchange, line.error());
        co_return;
    }
    const std::optional<Json> answer = co_await admin_database(
        exchange, "pool_keys_add", Json{{"provider", call->state->provider->id}, {"keys", Json::array({row_to_add(*line)})}});
    if (!answer) co_return;
    const bool was_added = json::get_int(*answer, "added").value_or(0) > 0;
    if (was_added) co_await reload_now(exchange, *call->state);
    Json body{{"success", was_added}, {"message", was_added ? "Added" : "Already exists"}};
    const auto ids = answer->find("ids");
    body["id"] = ids != answer->end() && ids->is_array() && !ids->empty() ? ids->front() : Json(nullptr);
    co_await answer_json(exchange, 200, std::move(body));
}

Task<void> serve_keys_import(Exchange& exchange) {
    const Result<std::string> body = co_await read_body(exchange);
    if (!body) {
        co_await answer_error(exchange, body.error());
        co_return;
    }
    const Result<KeyLines> lines = read_import(exchange, *body);
    const Result<ProviderState*> state = lines ? import_provider(exchange, *body) : tl::unexpected<Error>(lines.error());
    if (!state) {
        co_await answer_error(exchange, state.error());
        co_return;
    }
    Added sum;
    for (std::size_t from = 0; from < lines->keys.size(); from += limits::kKeysPerDatabaseCall) {
        const std::optional<Added> chunk = co_await add_chunk(exchange, **state, lines->keys, from);
        if (!chunk) co_return;
        sum.added += chunk->added;
        sum.existing += chunk->existing;
    }
    if (sum.added > 0) co_await reload_now(exchange, **state);
    Json invalid = Json::array();
    for (const BadLine& bad : lines->invalid) {
        if (invalid.size() == kMostReportedLines) break;
        invalid.push_back({{"line", bad.line}, {"reason", bad.reason}});
    }
    co_await answer_json(exchange, 200, Json{{"success", true},
                                             {"total", lines->total},
                                             {"added", sum.added},
                                             {"existing", sum.existing},
                                             {"duplicates", lines->duplicates},
                                             {"invalidCount", lines->invalid.size()},
                                             {"invalid", std::move(invalid)}});
}

Task<void> serve_keys_remove(Exchange& exchange) {
    const std::string& parameter = exchange.routing.match.parameter;
    const Result<AdminCall> call = co_await read_admin_call(exchange, parameter.empty() ? BodyUse::required : BodyUse::optional);
    if (!call) {
        co_await answer_error(exchange, call.error());
        co_return;
    }
    std::vector<std::string> named = texts_of(call->body, {"apiKey", "apiKeys", "api_key", "id", "ids"});
    if (!parameter.empty()) named = {parameter};
    if (named.empty()) {
        co_await answer_error(exchange, {ErrorCode::bad_request, "name the keys: apiKey, apiKeys, id or ids", "apiKeys", 0});
        co_return;
    }
    Json ids = Json::array(), keys = Json::array();
    for (std::string& name : named) (is_key_id(name) ? ids : keys).push_back(valid_utf8(name));
    const std::optional<Json> answer = co_await admin_database(
        exchange, "pool_keys_remove", Json{{"provider", call->state->provider->id}, {"ids", std::move(ids)}, {"keys", std::move(keys)}});
    if (!answer) co_return;
    const std::int64_t removed = json::get_int(*answer, "removed").value_or(0);
    if (removed > 0) co_await reload_now(exchange, *call->state);
    co_await answer_json(exchange, 200, Json{{"success", removed > 0}, {"removed", removed}, {"message", removed > 0 ? "Removed" : "No such key"}});
}

}  // namespace edgepool::app
