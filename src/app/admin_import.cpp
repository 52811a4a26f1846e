#include "app/admin_import.hpp"

#include <algorithm>
#include <array>

#include "app/admin_keys.hpp"
#include "app/admin_probes.hpp"
#include "app/answer_stream.hpp"
#include "app/audit.hpp"
#include "app/key_lines.hpp"
#include "app/readiness.hpp"
#include "base/text.hpp"
#include "json/scan.hpp"

namespace edgepool::app {
namespace {

using json::Json;
using json::Writer;

struct Import {
    ProviderState* state = nullptr;
    KeyList list;
    std::int64_t added = 0;
    std::int64_t existing = 0;
    std::size_t portions = 0;    // stored so far: calls of the database
    std::string_view held_for;   // new keys stay out of service, with this for a reason; empty = they serve at once
};

KeyList::Format format_of(const Exchange& exchange) {
    const std::string_view type = exchange.request.headers.get("content-type");
    if (contains_ignoring_case(type, "text/csv")) return KeyList::Format::csv;
    return contains_ignoring_case(type, "text/plain") ? KeyList::Format::text : KeyList::Format::json;
}

// The list, and the provider that it is for: a JSON body can name it.
Result<Import> read_import(Exchange& exchange, std::string_view body) {
    const KeyList::Format format = format_of(exchange);
    Json named;
    if (format == KeyList::Format::json) {
        const Result<json::Range> whole = json::scan_value(body);
        if (!whole) return tl::unexpected<Error>(whole.error());
        constexpr std::string_view kNames[] = {"provider"};
        const auto scanned = json::scan_object(body, kNames);
        const auto provider = scanned ? scanned->last(0) : std::nullopt;
        if (provider) named = json::parse("{\"provider\":" + std::string(provider->in(body)) + "}").value_or(Json());
    }
    Result<KeyList> list = KeyList::read(format, body);
    if (!list) return tl::unexpected<Error>(list.error());
    const Result<ProviderState*> state = admin_provider(exchange, named);
    if (!state) return tl::unexpected<Error>(state.error());
    return Import{*state, std::move(*list), 0, 0, 0, {}};
}

std::int64_t whole(std::size_t count) { return static_cast<std::int64_t>(count); }

std::string progress_of(const Import& import) {
    Writer out;
    out.begin_object().add_integer("done", whole(import.list.done())).add_integer("total", whole(import.list.total()));
    out.add_integer("added", import.added).add_integer("existing", import.existing);
    out.add_integer("duplicates", whole(import.list.duplicates())).add_integer("invalid", whole(import.list.invalid()));
    return out.end_object().take();
}

// Begins the result; the caller ends it.
Writer result_of(const Import& import) {
    const KeyList& list = import.list;
    Writer out;
    out.begin_object().add_boolean("success", true).add_integer("total", whole(list.total()));
    out.add_integer("added", import.added).add_integer("existing", import.existing).add_integer("duplicates", whole(list.duplicates()));
    out.key("duplicateLines").begin_array();
    for (const std::size_t line : list.duplicate_lines()) out.integer(whole(line));
    out.end_array().add_integer("invalidCount", whole(list.invalid())).key("invalid").begin_array();
    for (const BadLine& bad : list.bad_lines()) {
        out.begin_object().add_integer("line", whole(bad.line)).add_string("reason", bad.reason).end_object();
    }
    out.end_array();
    return out;
}

// Stores the next portion.
Task<Result<std::monostate>> add_portion(Exchange& exchange, AdminCall& call, Import& import) {
    const std::vector<KeyLine> keys = import.list.take(limits::kKeysPerDatabaseCall);
    if (keys.empty()) co_return std::monostate{};
    Writer arguments = arguments_for(*import.state);
    arguments.key("keys").begin_array();
    for (const KeyLine& key : keys) write_new_key(arguments, key);
    arguments.end_array();
    if (!import.held_for.empty()) arguments.add_string("hold", import.held_for);
    add_audit(arguments, exchange, {"keys.import"});
    const Result<Json> answer = co_await admin_database(exchange, "pool_keys_add", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    import.added += json::get_int(*answer, "added").value_or(0);
    ++import.portions;
    import.existing += json::get_int(*answer, "existing").value_or(0);
    Result<std::monostate> sent = co_await send_progress(exchange, call, progress_of(import));
    co_return sent;
}

Error interrupted(const Import& import, Error error) {
    error.detail += "; " + std::to_string(import.added) + " keys had been added before and stay: send the import again, what exists is not added twice";
    return error;
}

// Stores all that is left of the list. Error: what stopped it, and what stays.
Task<Result<std::monostate>> add_all(Exchange& exchange, AdminCall& call, Import& import) {
    Result<std::monostate> portion = co_await send_progress(exchange, call, progress_of(import));
    while (portion && !import.list.at_end()) portion = co_await add_portion(exchange, call, import);
    if (!portion) co_return tl::unexpected<Error>(interrupted(import, portion.error()));
    co_return portion;
}

// The cursor of a call that goes on, in the query or in a body without keys; empty for a first call.
Result<std::string> cursor_of_call(const Exchange& exchange, AdminCall& call) {
    const bool is_json = format_of(exchange) == KeyList::Format::json;
    bool has_keys = !is_json && !trim(call.text).empty();
    constexpr std::array<std::string_view, 3> kNames = {"keys", "cursor", "provider"};
    const Result<json::ScannedObject> scanned = is_json ? json::scan_object(call.text, kNames) : fail(ErrorCode::bad_json, "not JSON");
    for (std::size_t i = 0; scanned && i < kNames.size(); ++i) {
        const auto value = scanned->last(i);
        if (!value) continue;
        if (i == 0) has_keys = json::kind_of(value->in(call.text)) != json::Kind::null;
        else call.body[std::string(kNames[i])] = json::parse(value->in(call.text)).value_or(Json());
    }
    const std::string in_query = query_value(exchange.request.query, "cursor");
    if (!in_query.empty()) call.body["cursor"] = in_query;
    Result<std::string> cursor = cursor_of(call.body);
    if (cursor && !cursor->empty() && has_keys) return fail(ErrorCode::bad_request, "send keys, or the cursor of the call before, not both", "cursor");
    return cursor;
}

void write_validation(Writer& out, Validation& validation) {
    out.add_integer("checked", validation.checked).add_integer("valid", validation.valid).add_integer("unknown", validation.unknown);
    out.add_raw("refused", validation.refused.take());
    if (validation.cursor.empty()) out.add_null("cursor");
    else out.add_string("cursor", validation.cursor);
}

}  // namespace

Task<AdminAnswer> import_keys(Exchange& exchange, AdminCall& call) {
    Result<Import> import = read_import(exchange, call.text);
    if (!import) co_return tl::unexpected<Error>(import.error());
    const Result<std::monostate> added = co_await add_all(exchange, call, *import);
    if (import->added > 0) co_await reload_now(exchange, *import->state);
    if (!added) co_return tl::unexpected<Error>(added.error());
    co_return result_of(*import).end_object().take();
}

Task<AdminAnswer> import_with_validation(Exchange& exchange, AdminCall& call) {
    const Result<std::string> cursor = cursor_of_call(exchange, call);
    if (!cursor) co_return tl::unexpected<Error>(cursor.error());
    std::size_t budget = limits::kProbesPerCall;
    Writer out;
    if (cursor->empty()) {
        Result<Import> import = read_import(exchange, call.text);
        if (!import) co_return tl::unexpected<Error>(import.error());
        call.state = import->state;
        if (!call.state->provider->probe_path.empty()) import->held_for = kAwaitingValidation;
        const Result<std::monostate> added = co_await add_all(exchange, call, *import);
        if (!added) co_return tl::unexpected<Error>(added.error());
        budget -= std::min(budget - 1, import->portions);
        out = result_of(*import);
    } else {
        const Result<ProviderState*> state = admin_provider(exchange, call.body);
        if (!state) co_return tl::unexpected<Error>(state.error());
        call.state = *state;
        out.begin_object().add_boolean("success", true);
    }
    Result<Validation> validation = co_await validate_held(exchange, call, *call.state, *cursor, budget);
    co_await reload_now(exchange, *call.state);
    if (!validation) co_return tl::unexpected<Error>(validation.error());
    write_validation(out, *validation);
    co_return out.end_object().take();
}

}  // namespace edgepool::app
