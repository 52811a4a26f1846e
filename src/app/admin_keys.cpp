#include "app/admin_keys.hpp"

#include "app/answer_stream.hpp"
#include "app/audit.hpp"
#include "app/readiness.hpp"
#include "base/text.hpp"

namespace edgepool::app {
namespace {

using json::Json;
using json::Writer;

constexpr std::uint32_t kMostPagesOfAll = 40;      // ?fetch=all: 40,000 keys within the subrequest budget; the answer says when there are more
constexpr std::int64_t kLongestTtlS = 100LL * 365 * 24 * 3600;

// Appends what a member names: one text or an array of texts. Error: bad_request naming the member.
Result<std::monostate> add_names(const Json& body, const char* name, std::vector<std::string>& names) {
    const auto member = body.find(name);
    if (member == body.end() || member->is_null()) return std::monostate{};
    const bool is_list = member->is_array();
    const std::size_t count = is_list ? member->size() : 1;
    if (names.size() + count > limits::kMostNamedKeys) {
        return fail(ErrorCode::bad_request, std::string(name) + " names more than " + std::to_string(limits::kMostNamedKeys) + " keys", name);
    }
    for (std::size_t i = 0; i < count; ++i) {
        const Json& item = is_list ? (*member)[i] : *member;
        const std::string_view text = item.is_string() ? trim(item.get_ref<const std::string&>()) : std::string_view();
        const std::string_view fault = item.is_string() ? key_fault(text) : "a text is expected";
        if (!fault.empty()) return fail(ErrorCode::bad_request, std::string(name) + ": " + std::string(fault), name);
        names.emplace_back(text);
    }
    return std::monostate{};
}

bool is_key_id(std::string_view text) { return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

Writer list_arguments(const Exchange& exchange, const ProviderState& state, const PageRequest& page, std::string_view sort) {
    Writer arguments = arguments_for(state);
    arguments.add_integer("page", page.page).add_integer("page_size", page.page_size);
    for (const std::string_view name : {"status", "search", "sort"}) {
        const std::string value = query_value(exchange.request.query, name);
        if (!value.empty()) arguments.add_string(name, value);
        else if (name == "sort" && !sort.empty()) arguments.add_string(name, sort);
    }
    return arguments;
}

struct ListedPage {
    std::string rows;  // JSON, with commas between them
    std::size_t count = 0;
    std::int64_t total = 0;  // of all pages
};

Task<Result<ListedPage>> list_page(Exchange& exchange, AdminCall& call, PageRequest page, std::string_view sort) {
    const Result<Json> answer = co_await admin_database(exchange, "pool_keys_list", list_arguments(exchange, *call.state, page, sort));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    ListedPage listed;
    listed.total = json::get_int(*answer, "total").value_or(0);
    const Json* rows = rows_of(*answer, "keys");
    listed.count = rows == nullptr ? 0 : rows->size();
    for (std::size_t i = 0; i < listed.count; ++i) {
        Writer row;
        row.begin_object();
        write_key_members(row, (*rows)[i]);
        if (i > 0) listed.rows.push_back(',');
        listed.rows += row.end_object().take();
    }
    co_return listed;
}

std::string beginning(std::string_view name) { return std::string("{\"").append(name).append("\":["); }

// What follows the rows.
std::string ending(const PageRequest& page, std::int64_t total, std::string_view more = {}) {
    Writer out;
    out.begin_object();
    write_paging(out, page, total);
    return "]," + out.take().substr(1).append(more).append("}");
}

// ?fetch=all: sent page by page, so that memory holds one of them; the end says whether it is all there is.
Task<AdminAnswer> list_everything(Exchange& exchange, AdminCall& call, std::string_view name, std::string_view sort) {
    const Headers headers{{"content-type", "application/json; charset=utf-8"}};
    PageRequest page{1, limits::kMaxPageSize};
    std::string piece = beginning(name);
    std::int64_t sent = 0, total = 0;
    for (; page.page <= kMostPagesOfAll; ++page.page) {
        const Result<ListedPage> listed = co_await list_page(exchange, call, page, sort);
        if (!listed) co_return tl::unexpected<Error>(listed.error());
        if (sent > 0 && listed->count > 0) piece.push_back(',');
        piece += listed->rows;
        sent += static_cast<std::int64_t>(listed->count);
        total = listed->total;
        if (listed->count < page.page_size || sent >= total) break;
        const Result<std::monostate> gone_out = co_await send_page(exchange, call, std::move(piece), headers);
        if (!gone_out) co_return tl::unexpected<Error>(gone_out.error());
        piece.clear();
    }
    co_return piece + ending({1, limits::kMaxPageSize}, total, sent >= total ? ",\"complete\":true" : ",\"complete\":false");
}

// A page of keys as {<name>: [...], total, ...}; all pages with ?fetch=all.
Task<AdminAnswer> list_pages(Exchange& exchange, AdminCall& call, std::string_view name, std::string_view sort) {
    const Result<PageRequest> page = page_of_query(exchange);
    if (!page) co_return tl::unexpected<Error>(page.error());
    const Result<std::monostate> checked = check_filters(exchange);
    if (!checked) co_return tl::unexpected<Error>(checked.error());
    if (query_value(exchange.request.query, "fetch") == "all") {
        AdminAnswer everything = co_await list_everything(exchange, call, name, sort);
        co_return everything;
    }
    const Result<ListedPage> listed = co_await list_page(exchange, call, *page, sort);
    if (!listed) co_return tl::unexpected<Error>(listed.error());
    co_return beginning(name) + listed->rows + ending(*page, listed->total);
}

Result<KeyLine> key_to_add(const Json& body, double now_ms) {
    KeyLine line;
    line.key = std::string(trim(json::get_string(body, "api_key").value_or(json::get_string(body, "apiKey").value_or(""))));
    const std::string_view fault = key_fault(line.key);
    if (!fault.empty()) return fail(ErrorCode::bad_request, std::string("api_key: ").append(fault), "api_key");
    const auto username = body.find("username");
    if (username != body.end() && !username->is_null()) {
        const auto text = json::get_string(body, "username");
        if (!text || text->size() > limits::kMaxNameBytes || has_control_character(*text)) {
            return fail(ErrorCode::bad_request, "username must be a text of at most " + std::to_string(limits::kMaxNameBytes) + " bytes, without control characters",
                        "username");
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

void write_new_key(Writer& out, const KeyLine& key) {
    out.begin_object().add_string("key", key.key);
    if (!key.username.empty()) out.add_string("username", key.username);
    if (key.expires_ms) out.add_integer("expires_ms", static_cast<std::int64_t>(*key.expires_ms));
    out.end_object();
}

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
    std::vector<std::string> named;
    for (const char* name : {"apiKey", "apiKeys", "api_key", "id", "ids"}) {
        const Result<std::monostate> added = add_names(call.body, name, named);
        if (!added) return tl::unexpected<Error>(added.error());
    }
    if (!in_path.empty()) {
        if (!key_fault(in_path).empty()) return fail(ErrorCode::bad_request, "the path names no key", "id");
        named = {std::string(in_path)};
    }
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

Task<AdminAnswer> list_keys(Exchange& exchange, AdminCall& call) { return list_pages(exchange, call, "api_keys", {}); }

Task<AdminAnswer> list_key_stats(Exchange& exchange, AdminCall& call) { return list_pages(exchange, call, "keys", "-requests"); }

Task<AdminAnswer> add_key(Exchange& exchange, AdminCall& call) {
    const Result<KeyLine> line = key_to_add(call.body, exchange.app.now_ms);
    if (!line) {
        co_return tl::unexpected<Error>(line.error());
    }
    Writer arguments = arguments_for(*call.state);
    arguments.key("keys").begin_array();
    write_new_key(arguments, *line);
    arguments.end_array();
    add_audit(arguments, exchange, {"keys.add"});
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

Task<AdminAnswer> remove_keys(Exchange& exchange, AdminCall& call) {
    const std::string& parameter = exchange.routing.match.parameter;
    Result<Writer> arguments = named_keys(call, parameter);
    if (!arguments) {
        co_return tl::unexpected<Error>(arguments.error());
    }
    add_audit(*arguments, exchange, {"keys.remove"});
    const Result<Json> answer = co_await admin_database(exchange, "pool_keys_remove", std::move(*arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    if (json::get_int(*answer, "removed").value_or(0) > 0) co_await reload_now(exchange, *call.state);
    co_return touched_body(*answer, "removed", "Removed", "No such key");
}

}  // namespace edgepool::app
