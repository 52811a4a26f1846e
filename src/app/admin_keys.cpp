#include "app/admin_keys.hpp"

#include "app/key_lines.hpp"
#include "app/readiness.hpp"
#include "base/text.hpp"

namespace edgepool::app {
namespace {

using json::Json;
using json::Writer;

constexpr std::size_t kMostReportedLines = 1000;   // of bad lines; the rest is counted
constexpr std::uint32_t kMostPagesOfAll = 40;      // ?fetch=all: 40,000 keys within the subrequest budget
constexpr std::int64_t kLongestTtlS = 100LL * 365 * 24 * 3600;

void write_line(Writer& out, const KeyLine& line) {
    out.begin_object().add_string("key", line.key);
    if (!line.username.empty()) out.add_string("username", line.username);
    if (line.expires_ms) out.add_integer("expires_ms", static_cast<std::int64_t>(*line.expires_ms));
    out.end_object();
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
    if (contains_ignoring_case(type, "text/")) return admin_provider(exchange, Json());
    constexpr std::string_view kNames[] = {"provider"};
    const auto scanned = json::scan_object(body, kNames);
    if (!scanned) return tl::unexpected<Error>(scanned.error());
    const auto provider = scanned->last(0);
    if (!provider) return admin_provider(exchange, Json());
    const auto named = json::parse("{\"provider\":" + std::string(provider->in(body)) + "}");
    return admin_provider(exchange, named ? *named : Json());
}

struct Added {
    std::int64_t added = 0;
    std::int64_t existing = 0;
};

// Adds keys [from, from + kKeysPerDatabaseCall).
Task<Result<Added>> add_chunk(Exchange& exchange, const ProviderState& state, const std::vector<KeyLine>& keys, std::size_t from) {
    Writer arguments = arguments_for(state);
    arguments.key("keys").begin_array();
    for (std::size_t i = from; i < keys.size() && i < from + limits::kKeysPerDatabaseCall; ++i) write_line(arguments, keys[i]);
    arguments.end_array();
    const Result<Json> answer = co_await admin_database(exchange, "pool_keys_add", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    co_return Added{json::get_int(*answer, "added").value_or(0), json::get_int(*answer, "existing").value_or(0)};
}

Writer list_arguments(const Exchange& exchange, const ProviderState& state, std::uint32_t page, const PageRequest& request) {
    Writer arguments = arguments_for(state);
    arguments.add_integer("page", page).add_integer("page_size", request.page_size);
    for (const std::string_view name : {"status", "search", "sort"}) {
        const std::string value = query_value(exchange.request.query, name);
        if (!value.empty()) arguments.add_string(name, value);
    }
    return arguments;
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

void write_key_members(Writer& out, const Json& row) {
    out.add_string("id", json::get_string(row, "id").value_or("")).add_string("api_key", json::get_string(row, "masked").value_or(""));
    out.add_string("username", json::get_string(row, "username").value_or("")).add_string("status", json::get_string(row, "status").value_or(""));
    const auto reason = json::get_string(row, "reason");
    if (reason) out.add_string("reason", *reason);
    else out.add_null("reason");
    write_iso(out, "until", row, "until_ms");
    write_iso(out, "created_at", row, "created_ms");
    write_iso(out, "expires_at", row, "expires_ms");
    write_iso(out, "last_success", row, "last_success_ms");
    write_iso(out, "last_failure", row, "last_failure_ms");
    out.add_integer("consecutive_failures", json::get_int(row, "fails").value_or(0));
    write_figures(out, row);
}

Result<Writer> named_keys(const AdminCall& call, std::string_view in_path) {
    std::vector<std::string> named = texts_of(call.body, {"apiKey", "apiKeys", "api_key", "id", "ids"});
    if (!in_path.empty()) named = {std::string(in_path)};
    if (named.empty()) return fail(ErrorCode::bad_request, "name the keys: apiKey, apiKeys, id or ids", "apiKeys");
    Writer arguments = arguments_for(*call.state);
    for (const bool of_ids : {true, false}) {
        arguments.key(of_ids ? "ids" : "keys").begin_array();
        for (const std::string& name : named) {
            if (is_key_id(name) == of_ids) arguments.string(name);
        }
        arguments.end_array();
    }
    return arguments;
}

Task<AdminAnswer> list_keys(Exchange& exchange, AdminCall& call) {
    Result<PageRequest> page = page_of_query(exchange);
    if (!page) co_return tl::unexpected<Error>(page.error());
    const bool is_everything = query_value(exchange.request.query, "fetch") == "all";
    if (is_everything) page = PageRequest{1, limits::kMaxPageSize};
    Writer out;
    out.begin_object().key("api_keys").begin_array();
    std::int64_t total = 0;
    const std::uint32_t end_page = page->page + (is_everything ? kMostPagesOfAll : 1);
    for (std::uint32_t number = page->page; number < end_page; ++number) {
        const Result<Json> answer = co_await admin_database(exchange, "pool_keys_list", list_arguments(exchange, *call.state, number, *page));
        if (!answer) co_return tl::unexpected<Error>(answer.error());
        total = json::get_int(*answer, "total").value_or(0);
        const Json* rows = rows_of(*answer, "keys");
        const std::size_t count = rows == nullptr ? 0 : rows->size();
        for (std::size_t i = 0; i < count; ++i) {
            out.begin_object();
            write_key_members(out, (*rows)[i]);
            out.end_object();
        }
        if (count < page->page_size) break;
    }
    out.end_array();
    write_paging(out, *page, total);
    co_return out.end_object().take();
}

Task<AdminAnswer> add_key(Exchange& exchange, AdminCall& call) {
    const Result<KeyLine> line = key_to_add(call.body, exchange.app.now_ms);
    if (!line) {
        co_return tl::unexpected<Error>(line.error());
    }
    Writer arguments = arguments_for(*call.state);
    arguments.key("keys").begin_array();
    write_line(arguments, *line);
    arguments.end_array();
    const Result<Json> answer = co_await admin_database(exchange, "pool_keys_add", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    const bool was_added = json::get_int(*answer, "added").value_or(0) > 0;
    if (was_added) co_await reload_now(exchange, *call.state);
    Writer out;
    out.begin_object().add_boolean("success", was_added).add_string("message", was_added ? "Added" : "Already exists");
    const Json* ids = rows_of(*answer, "ids");
    out.add_raw("id", ids != nullptr && !ids->empty() ? json::dump(ids->front()) : "null");
    co_return out.end_object().take();
}

Task<AdminAnswer> import_keys(Exchange& exchange, AdminCall& call) {
    const Result<KeyLines> lines = read_import(exchange, call.text);
    const Result<ProviderState*> state = lines ? import_provider(exchange, call.text) : tl::unexpected<Error>(lines.error());
    if (!state) {
        co_return tl::unexpected<Error>(state.error());
    }
    Added sum;
    for (std::size_t from = 0; from < lines->keys.size(); from += limits::kKeysPerDatabaseCall) {
        const Result<Added> chunk = co_await add_chunk(exchange, **state, lines->keys, from);
        if (!chunk) co_return tl::unexpected<Error>(chunk.error());
        sum.added += chunk->added;
        sum.existing += chunk->existing;
    }
    if (sum.added > 0) co_await reload_now(exchange, **state);
    Writer out;
    out.begin_object().add_boolean("success", true).add_integer("total", static_cast<std::int64_t>(lines->total));
    out.add_integer("added", sum.added).add_integer("existing", sum.existing);
    out.add_integer("duplicates", static_cast<std::int64_t>(lines->duplicates));
    out.add_integer("invalidCount", static_cast<std::int64_t>(lines->invalid.size())).key("invalid").begin_array();
    for (std::size_t i = 0; i < lines->invalid.size() && i < kMostReportedLines; ++i) {
        const BadLine& bad = lines->invalid[i];
        out.begin_object().add_integer("line", static_cast<std::int64_t>(bad.line)).add_string("reason", bad.reason).end_object();
    }
    co_return out.end_array().end_object().take();
}

Task<AdminAnswer> remove_keys(Exchange& exchange, AdminCall& call) {
    const std::string& parameter = exchange.routing.match.parameter;
    Result<Writer> arguments = named_keys(call, parameter);
    if (!arguments) {
        co_return tl::unexpected<Error>(arguments.error());
    }
    const Result<Json> answer = co_await admin_database(exchange, "pool_keys_remove", std::move(*arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    if (json::get_int(*answer, "removed").value_or(0) > 0) co_await reload_now(exchange, *call.state);
    co_return touched_body(*answer, "removed", "Removed", "No such key");
}

}  // namespace edgepool::app
