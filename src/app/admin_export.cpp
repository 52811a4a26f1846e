#include "app/admin_export.hpp"

#include "app/answer_stream.hpp"
#include "app/audit.hpp"
#include "base/time_text.hpp"

namespace edgepool::app {
namespace {

using json::Json;
using json::Writer;

constexpr std::uint32_t kKeysPerPage = 5000;
constexpr std::uint32_t kMostPages = 45;  // of the fifty subrequests: 225,000 keys; what is left begins at ?after=

enum class Format : std::uint8_t { csv, json };

struct Export {
    Format format = Format::json;
    std::string after;        // the last id that was sent
    bool is_complete = false;
    std::int64_t count = 0;
};

std::string csv_field(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out.push_back('"');
        out.push_back(c);
    }
    return out + "\"";
}

std::string time_of(const Json& row, const char* column) {
    const auto ms = json::get_int(row, column);
    return ms ? iso8601_utc(static_cast<double>(*ms)) : std::string();
}

void append_row(std::string& out, const Export& sent, const Json& row) {
    const auto text = [&](const char* name) { return json::get_string(row, name).value_or(""); };
    if (sent.format == Format::csv) {
        out += csv_field(text("key")) + "," + csv_field(text("username")) + "," + time_of(row, "expires_ms") + "," + text("status") + "," +
               time_of(row, "created_ms") + "," + text("id") + "\n";
        return;
    }
    Writer member;
    member.begin_object().add_string("id", text("id")).add_string("key", text("key")).add_string("username", text("username"));
    member.add_string("status", text("status"));
    write_iso(member, "created_at", row, "created_ms");
    write_iso(member, "expires_at", row, "expires_ms");
    out += (sent.count == 0 ? "\n" : ",\n") + member.end_object().take();
}

// The next page as text; empty at the end.
Task<AdminAnswer> next_page(Exchange& exchange, const ProviderState& state, Export& sent) {
    Writer arguments = arguments_for(state);
    arguments.add_integer("limit", kKeysPerPage);
    if (!sent.after.empty()) arguments.add_string("after", sent.after);
    const Result<Json> answer = co_await admin_database(exchange, "pool_keys_export", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    std::string out;
    const Json* rows = rows_of(*answer, "keys");
    for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i, ++sent.count) append_row(out, sent, (*rows)[i]);
    const auto next = json::get_string(*answer, "next");
    sent.is_complete = !next;
    if (next) sent.after = *next;
    co_return out;
}

std::string beginning(const Export& sent, const ProviderState& state) {
    if (sent.format == Format::csv) return "key,username,expires_at,status,created_at,id\n";
    Writer out;
    out.begin_object().add_string("provider", state.provider->id).key("keys");
    return out.take() + "[";
}

std::string ending(const Export& sent) {
    if (sent.format == Format::csv) return sent.is_complete ? "" : "# more: ?after=" + sent.after + "\n";
    return "\n],\"count\":" + std::to_string(sent.count) + ",\"next\":" + (sent.is_complete ? "null" : "\"" + sent.after + "\"") + "}\n";
}

Headers file_headers(const Export& sent, const ProviderState& state) {
    const bool is_csv = sent.format == Format::csv;
    return Headers{{"content-type", is_csv ? "text/csv; charset=utf-8" : "application/json; charset=utf-8"},
                   {"content-disposition", "attachment; filename=\"edgepool-" + std::string(state.provider->id) + (is_csv ? "-keys.csv\"" : "-keys.json\"")}};
}

Result<Export> read_query(const Exchange& exchange) {
    Export wanted;
    const std::string format = query_value(exchange.request.query, "format");
    if (format == "csv") wanted.format = Format::csv;
    else if (!format.empty() && format != "json") return fail(ErrorCode::bad_request, "format must be csv or json", "format");
    wanted.after = query_value(exchange.request.query, "after");
    const bool is_id = wanted.after.size() == 16 && wanted.after.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!wanted.after.empty() && !is_id) return fail(ErrorCode::bad_request, "after must be a key's id", "after");
    return wanted;
}

}  // namespace

Task<AdminAnswer> export_keys(Exchange& exchange, AdminCall& call) {
    Result<Export> wanted = read_query(exchange);
    if (!wanted) co_return tl::unexpected<Error>(wanted.error());
    Export& sent = *wanted;
    const AuditNote note{"keys.export", {}, sent.format == Format::csv ? "csv" : "json"};
    Result<std::monostate> step = co_await note_audit(exchange, *call.state, note, 0);
    const Headers headers = file_headers(sent, *call.state);
    std::string piece = beginning(sent, *call.state);
    for (std::uint32_t page = 0; step && page < kMostPages && !sent.is_complete; ++page) {
        AdminAnswer rows = co_await next_page(exchange, *call.state, sent);
        if (!rows) co_return tl::unexpected<Error>(rows.error());
        step = co_await send_page(exchange, call, piece + *rows, headers);
        piece.clear();
    }
    if (step) step = co_await note_audit(exchange, *call.state, note, sent.count);
    if (!step) co_return tl::unexpected<Error>(step.error());
    co_return ending(sent);
}

}  // namespace edgepool::app
