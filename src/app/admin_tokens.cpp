#include "app/admin_tokens.hpp"

#include "app/admin.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"

namespace edgepool::app {
namespace {

using json::Json;
using json::Writer;

constexpr std::uint32_t kSecretBytes = 32;
constexpr std::string_view kPrefix = "ep-";
constexpr std::int64_t kLongestLifeS = 100LL * 365 * 24 * 3600;
constexpr std::size_t kHintDigits = 4;

// Seconds until expiry from "expiresIn" or "ttl"; nullopt = never. Error: bad_request naming the member.
Result<std::optional<std::int64_t>> life_of(const Json& body) {
    for (const char* name : {"expiresIn", "ttl"}) {
        const auto member = body.find(name);
        if (member == body.end() || member->is_null()) continue;
        const auto seconds = json::get_int(body, name);
        if (!seconds || *seconds < 0 || *seconds > kLongestLifeS) {
            return fail(ErrorCode::bad_request, std::string(name) + " must be a whole number of seconds, 0 for no expiry", name);
        }
        return *seconds == 0 ? std::optional<std::int64_t>() : std::optional<std::int64_t>(*seconds);
    }
    return std::optional<std::int64_t>();
}

Result<std::string> name_of(const Json& body) {
    const auto name = json::get_string(body, "name");
    if (!name || trim(*name).empty()) return fail(ErrorCode::bad_request, "name must be a text that is not empty", "name");
    if (name->size() > limits::kMaxNameBytes) return fail(ErrorCode::bad_request, "name is too long", "name");
    for (const char c : *name) {
        if (static_cast<unsigned char>(c) < 0x20) return fail(ErrorCode::bad_request, "name must not hold control characters", "name");
    }
    return std::string(trim(*name));
}

void write_token(Writer& out, const Json& row) {
    out.begin_object().add_string("id", json::get_string(row, "hash").value_or("")).add_string("name", json::get_string(row, "name").value_or(""));
    out.add_string("token", json::get_string(row, "hint").value_or("")).add_boolean("disabled", json::get_bool(row, "disabled").value_or(false));
    write_iso(out, "created_at", row, "created_ms");
    write_iso(out, "expires_at", row, "expires_ms");
    out.add_integer("request_count", json::get_int_or_text(row, "requests").value_or(0));
    const auto limits = row.find("limits");
    out.add_raw("limits", limits == row.end() ? "null" : json::dump(*limits));
    write_figures(out, row);
    out.end_object();
}

bool is_hash(std::string_view text) { return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

}  // namespace

Task<AdminAnswer> list_tokens(Exchange& exchange, AdminCall& call) {
    const Result<PageRequest> page = page_of_query(exchange);
    if (!page) co_return tl::unexpected<Error>(page.error());
    Writer arguments = arguments_for(*call.state);
    arguments.add_integer("page", page->page).add_integer("page_size", page->page_size);
    const std::string search = query_value(exchange.request.query, "search");
    if (!search.empty()) arguments.add_string("search", search);
    const Result<Json> answer = co_await admin_database(exchange, "pool_tokens_list", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    Writer out;
    out.begin_object().key("tokens").begin_array();
    const Json* rows = rows_of(*answer, "tokens");
    for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) write_token(out, (*rows)[i]);
    out.end_array();
    write_paging(out, *page, json::get_int(*answer, "total").value_or(0));
    co_return out.end_object().take();
}

Task<AdminAnswer> create_token(Exchange& exchange, AdminCall& call) {
    const Result<std::string> name = name_of(call.body);
    const Result<std::optional<std::int64_t>> life = life_of(call.body);
    if (!name || !life) {
        co_return tl::unexpected<Error>(name ? life.error() : name.error());
    }
    const host::Outcome random = co_await exchange.session.perform(host::RandomBytes{kSecretBytes});
    if (random.data.size() != kSecretBytes) {
        co_return fail(ErrorCode::internal, "the platform gave no random bytes");
    }
    const std::string token = std::string(kPrefix) + to_hex(random.data);
    const std::string hash = sha256_hex(token);
    Writer arguments = arguments_for(*call.state);
    arguments.add_string("hash", hash).add_string("name", *name);
    arguments.add_string("hint", std::string(kPrefix) + "..." + token.substr(token.size() - kHintDigits));
    const double expires_ms = *life ? exchange.app.now_ms + static_cast<double>(**life) * 1000 : 0;
    if (*life) arguments.add_integer("expires_ms", static_cast<std::int64_t>(expires_ms));
    const auto limits = call.body.find("limits");
    if (limits != call.body.end() && limits->is_object()) arguments.add_raw("limits", json::dump(*limits));
    const Result<Json> answer = co_await admin_database(exchange, "pool_tokens_create", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    call.state->tokens.forget(hash);
    Writer out;
    out.begin_object().add_boolean("success", true).add_string("token", token).add_string("id", hash).add_string("name", *name);
    if (*life) out.add_string("expiresAt", iso8601_utc(expires_ms));
    else out.add_null("expiresAt");
    co_return out.end_object().take();
}

Task<AdminAnswer> remove_token(Exchange& exchange, AdminCall& call) {
    const std::string& parameter = exchange.routing.match.parameter;
    std::string named = parameter;
    if (named.empty()) named = json::get_string(call.body, "token").value_or(json::get_string(call.body, "id").value_or(""));
    if (named.empty()) {
        co_return fail(ErrorCode::bad_request, "name the token: {\"token\": ...} or {\"id\": ...}", "token");
    }
    const std::string hash = is_hash(named) ? named : sha256_hex(named);
    Writer arguments = arguments_for(*call.state);
    arguments.add_string("hash", hash);
    const Result<Json> answer = co_await admin_database(exchange, "pool_tokens_remove", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    call.state->tokens.forget(hash);
    co_return touched_body(*answer, "removed", "Removed", "No such token");
}

}  // namespace edgepool::app
