#include "app/admin_import.hpp"

#include "app/admin_keys.hpp"
#include "app/answer_stream.hpp"
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
    return Import{*state, std::move(*list)};
}

std::int64_t whole(std::size_t count) { return static_cast<std::int64_t>(count); }

std::string progress_of(const Import& import) {
    Writer out;
    out.begin_object().add_integer("done", whole(import.list.done())).add_integer("total", whole(import.list.total()));
    out.add_integer("added", import.added).add_integer("existing", import.existing);
    out.add_integer("duplicates", whole(import.list.duplicates())).add_integer("invalid", whole(import.list.invalid()));
    return out.end_object().take();
}

std::string result_of(const Import& import) {
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
    return out.end_array().end_object().take();
}

// Stores the next portion.
Task<Result<std::monostate>> add_portion(Exchange& exchange, AdminCall& call, Import& import) {
    const std::vector<KeyLine> keys = import.list.take(limits::kKeysPerDatabaseCall);
    if (keys.empty()) co_return std::monostate{};
    Writer arguments = arguments_for(*import.state);
    arguments.key("keys").begin_array();
    for (const KeyLine& key : keys) write_new_key(arguments, key);
    arguments.end_array();
    const Result<Json> answer = co_await admin_database(exchange, "pool_keys_add", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    import.added += json::get_int(*answer, "added").value_or(0);
    import.existing += json::get_int(*answer, "existing").value_or(0);
    Result<std::monostate> sent = co_await send_progress(exchange, call, progress_of(import));
    co_return sent;
}

Error interrupted(const Import& import, Error error) {
    error.detail += "; " + std::to_string(import.added) + " keys had been added before and stay: send the import again, what exists is not added twice";
    return error;
}

}  // namespace

Task<AdminAnswer> import_keys(Exchange& exchange, AdminCall& call) {
    Result<Import> import = read_import(exchange, call.text);
    Result<std::monostate> portion;
    if (!import) portion = tl::unexpected<Error>(import.error());
    else portion = co_await send_progress(exchange, call, progress_of(*import));
    while (portion && !import->list.at_end()) portion = co_await add_portion(exchange, call, *import);
    if (import && import->added > 0) co_await reload_now(exchange, *import->state);
    if (!import) co_return tl::unexpected<Error>(portion.error());
    if (!portion) co_return tl::unexpected<Error>(interrupted(*import, portion.error()));
    co_return result_of(*import);
}

}  // namespace edgepool::app
