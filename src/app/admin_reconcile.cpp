#include "app/admin_reconcile.hpp"

namespace edgepool::app {

using json::Json;

Task<AdminAnswer> admin_reconcile(Exchange& exchange, AdminCall& call) {
    const Result<Json> answer = co_await admin_database(exchange, "pool_reconciled", arguments_for(*call.state));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    const Json* rows = rows_of(*answer, "rows");
    if (rows == nullptr) co_return fail(ErrorCode::storage_answer_unreadable, "the database's answer lacks its rows");
    json::Writer out;
    out.begin_object().key("rows").begin_array();
    for (const Json& row : *rows) {
        out.begin_object().add_string("id", json::get_string(row, "id").value_or(""));
        if (const auto username = json::get_string(row, "username")) out.add_string("username", *username);
        else out.add_null("username");
        for (const char* figure : {"ours_nano", "theirs_nano", "drift_nano"}) out.add_integer(figure, json::get_int_or_text(row, figure).value_or(0));
        write_iso(out, "since", row, "since_ms");
        write_iso(out, "at", row, "at_ms");
        out.end_object();
    }
    out.end_array().add_integer("total", json::get_int(*answer, "total").value_or(0));
    write_iso(out, "at", *answer, "at_ms");
    co_return out.end_object().take();
}

}  // namespace edgepool::app
