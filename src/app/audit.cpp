#include "app/audit.hpp"

#include "base/text.hpp"
#include "http/client_address.hpp"

namespace edgepool::app {
namespace {

using json::Json;
using json::Writer;

constexpr std::size_t kMaxAddressBytes = 64;

void add_text(Writer& out, std::string_view name, std::string_view text) {
    if (!text.empty()) out.add_string(name, text);
}

void copy_text(Writer& out, const Json& row, const char* name) {
    const auto text = json::get_string(row, name);
    if (text) out.add_string(name, *text);
    else out.add_null(name);
}

}  // namespace

void add_audit(Writer& arguments, const Exchange& exchange, const AuditNote& note) {
    arguments.key("audit").begin_object().add_string("action", note.action);
    add_text(arguments, "target", note.target);
    add_text(arguments, "detail", note.detail);
    add_text(arguments, "address", clip_utf8(client_address(exchange.request), kMaxAddressBytes));
    arguments.add_string("request", exchange.request_id).end_object();
}

Task<Result<std::monostate>> note_audit(Exchange& exchange, const ProviderState& state, AuditNote note, std::int64_t affected) {
    Writer arguments = arguments_for(state);
    add_audit(arguments, exchange, note);
    arguments.add_integer("affected", affected);
    const Result<Json> noted = co_await admin_database(exchange, "pool_audit", std::move(arguments));
    if (!noted) co_return tl::unexpected<Error>(noted.error());
    co_return std::monostate{};
}

Task<AdminAnswer> list_audit(Exchange& exchange, AdminCall& call) {
    const Result<PageRequest> page = page_of_query(exchange);
    if (!page) co_return tl::unexpected<Error>(page.error());
    Writer arguments = arguments_for(*call.state);
    arguments.add_integer("page", page->page).add_integer("page_size", page->page_size);
    const Result<Json> answer = co_await admin_database(exchange, "pool_audit_list", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    Writer out;
    out.begin_object().key("entries").begin_array();
    const Json* rows = rows_of(*answer, "entries");
    for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
        const Json& row = (*rows)[i];
        out.begin_object();
        write_iso(out, "at", row, "at_ms");
        for (const char* name : {"action", "target", "detail", "address"}) copy_text(out, row, name);
        out.add_integer("affected", json::get_int(row, "affected").value_or(0)).end_object();
    }
    out.end_array();
    write_paging(out, *page, json::get_int(*answer, "total").value_or(0));
    co_return out.end_object().take();
}

}  // namespace edgepool::app
