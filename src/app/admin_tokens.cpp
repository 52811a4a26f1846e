#include "app/admin_tokens.hpp"

#include "app/admin.hpp"
#include "app/audit.hpp"
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
constexpr std::int64_t kDefaultGraceS = 24 * 3600;

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
    if (has_control_character(*name)) return fail(ErrorCode::bad_request, "name must not hold control characters", "name");
    return std::string(trim(*name));
}

// The limits of a body, in the database's form; empty when there is nothing about them. Error: bad_request naming the member.
Result<std::string> stored_limits_of(const Json& body) {
    const auto member = body.find("limits");
    if (member == body.end() || member->is_null()) return std::string();
    const Result<limits::TokenLimits> bounds = limits::read_limits(*member, limits::Form::api);
    if (!bounds) return tl::unexpected<Error>(bounds.error());
    Writer out;
    limits::write_limits(out, *bounds, limits::Form::stored);
    return out.take();
}

// What cannot be read as limits is shown as it is stored.
void write_stored_limits(Writer& out, const Json& row) {
    const auto stored = row.find("limits");
    if (stored == row.end() || stored->is_null()) {
        out.add_null("limits");
        return;
    }
    const limits::TokenLimits bounds = limits::read_stored_limits(*stored);
    out.key("limits");
    if (bounds.is_unreadable) json::write(out, *stored);
    else limits::write_limits(out, bounds, limits::Form::api);
}

void write_used(Writer& out, const Json& row) {
    const auto used = row.find("used");
    if (used == row.end() || !used->is_object()) {
        out.add_null("used");
        return;
    }
    out.key("used").begin_object();
    for (const char* name : {"day_requests", "day_tokens", "day_cost_nano", "month_requests", "month_tokens", "month_cost_nano"}) {
        out.add_integer(name, json::get_int_or_text(*used, name).value_or(0));
    }
    out.end_object();
}

void write_token(Writer& out, const Json& row) {
    const std::string hash = json::get_string(row, "hash").value_or(""), hint = json::get_string(row, "hint").value_or("");
    out.begin_object().add_string("id", hash).add_string("hash", hash).add_string("name", json::get_string(row, "name").value_or(""));
    out.add_string("token", hint).add_string("hint", hint).add_boolean("disabled", json::get_bool(row, "disabled").value_or(false));
    write_iso(out, "created_at", row, "created_ms");
    write_iso(out, "expires_at", row, "expires_ms");
    write_iso(out, "grace_until", row, "old_until_ms");
    out.add_integer("request_count", json::get_int_or_text(row, "requests").value_or(0));
    write_stored_limits(out, row);
    write_used(out, row);
    write_figures(out, row);
    out.end_object();
}

bool is_hash(std::string_view text) { return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

// The token that the path or the body names, by its hash or a secret of its; empty when none is named.
std::string hash_of_call(const Exchange& exchange, const Json& body) {
    std::string named = exchange.routing.match.parameter;
    if (named.empty()) named = json::get_string(body, "token").value_or(json::get_string(body, "id").value_or(""));
    return named.empty() || is_hash(named) ? named : sha256_hex(named);
}

struct NewSecret {
    std::string text;
    std::string hash;
    std::string hint;
};

Task<Result<NewSecret>> make_secret(Exchange& exchange) {
    const host::Outcome random = co_await exchange.session.perform(host::RandomBytes{kSecretBytes});
    if (random.data.size() != kSecretBytes) co_return fail(ErrorCode::internal, "the platform gave no random bytes");
    NewSecret secret;
    secret.text = std::string(kPrefix) + to_hex(random.data);
    secret.hash = sha256_hex(secret.text);
    secret.hint = std::string(kPrefix) + "..." + secret.text.substr(secret.text.size() - kHintDigits);
    co_return secret;
}

// The database's arguments for a change; error: bad_request naming what is wrong, or that nothing is to be changed.
Result<Writer> change_arguments(const Exchange& exchange, const AdminCall& call) {
    const Json& body = call.body;
    Writer arguments = arguments_for(*call.state);
    arguments.add_string("hash", hash_of_call(exchange, body));
    bool changes = false;
    const auto is_given = [&](const char* member) {
        const auto found = body.find(member);
        const bool given = found != body.end() && !found->is_null();
        changes = changes || given;
        return given;
    };
    if (is_given("name")) {
        const Result<std::string> name = name_of(body);
        if (!name) return tl::unexpected<Error>(name.error());
        arguments.add_string("name", *name);
    }
    if (is_given("disabled")) {
        const auto disabled = json::get_bool(body, "disabled");
        if (!disabled) return fail(ErrorCode::bad_request, "disabled must be true or false", "disabled");
        arguments.add_boolean("disabled", *disabled);
    }
    if (is_given("expiresIn") || is_given("ttl")) {
        const Result<std::optional<std::int64_t>> life = life_of(body);
        if (!life) return tl::unexpected<Error>(life.error());
        arguments.add_integer("expires_ms", *life ? static_cast<std::int64_t>(exchange.app.now_ms) + **life * 1000 : 0);
    }
    if (is_given("limits")) {
        const Result<std::string> bounds = stored_limits_of(body);
        if (!bounds) return tl::unexpected<Error>(bounds.error());
        arguments.add_raw("limits", *bounds);
    }
    if (!changes) return fail(ErrorCode::bad_request, "nothing to change: give name, disabled, expiresIn or limits");
    return arguments;
}

}  // namespace

Task<AdminAnswer> list_tokens(Exchange& exchange, AdminCall& call) {
    const Result<PageRequest> page = page_of_query(exchange);
    if (!page) co_return tl::unexpected<Error>(page.error());
    const Result<std::monostate> checked = check_filters(exchange);
    if (!checked) co_return tl::unexpected<Error>(checked.error());
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
    const Result<std::string> bounds = stored_limits_of(call.body);
    if (!bounds) co_return tl::unexpected<Error>(bounds.error());
    const Result<NewSecret> secret = co_await make_secret(exchange);
    if (!secret) co_return tl::unexpected<Error>(secret.error());
    Writer arguments = arguments_for(*call.state);
    arguments.add_string("hash", secret->hash).add_string("name", *name).add_string("hint", secret->hint);
    const double expires_ms = *life ? exchange.app.now_ms + static_cast<double>(**life) * 1000 : 0;
    if (*life) arguments.add_integer("expires_ms", static_cast<std::int64_t>(expires_ms));
    if (!bounds->empty() && *bounds != "{}") arguments.add_raw("limits", *bounds);
    add_audit(arguments, exchange, {"tokens.create", *name});
    const Result<Json> answer = co_await admin_database(exchange, "pool_tokens_create", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    call.state->tokens.forget(secret->hash, exchange.app.now_ms);
    Writer out;
    out.begin_object().add_boolean("success", true).add_string("token", secret->text).add_string("id", secret->hash);
    out.add_string("hash", secret->hash).add_string("name", *name);
    if (*life) out.add_string("expiresAt", iso8601_utc(expires_ms));
    else out.add_null("expiresAt");
    co_return out.end_object().take();
}

Task<AdminAnswer> change_token(Exchange& exchange, AdminCall& call) {
    Result<Writer> arguments = change_arguments(exchange, call);
    if (!arguments) co_return tl::unexpected<Error>(arguments.error());
    add_audit(*arguments, exchange, {"tokens.change"});
    const Result<Json> answer = co_await admin_database(exchange, "pool_tokens_set", std::move(*arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    call.state->tokens.forget(hash_of_call(exchange, call.body), exchange.app.now_ms);
    if (json::get_int(*answer, "changed").value_or(0) == 0) co_return fail(ErrorCode::not_found, "there is no such token");
    co_return touched_body(*answer, "changed", "Changed", "");
}

Task<AdminAnswer> rotate_token(Exchange& exchange, AdminCall& call) {
    const auto given = call.body.find("grace");
    const bool is_absent = given == call.body.end() || given->is_null();
    const auto grace_s = is_absent ? std::optional<std::int64_t>(kDefaultGraceS) : json::get_int(call.body, "grace");
    if (!grace_s || *grace_s < 0 || *grace_s > limits::kLongestGraceS) {
        co_return fail(ErrorCode::bad_request, "grace must be a whole number of seconds, 0 to " + std::to_string(limits::kLongestGraceS), "grace");
    }
    const Result<NewSecret> secret = co_await make_secret(exchange);
    if (!secret) co_return tl::unexpected<Error>(secret.error());
    Writer arguments = arguments_for(*call.state);
    arguments.add_string("hash", hash_of_call(exchange, call.body)).add_string("secret_hash", secret->hash).add_string("hint", secret->hint);
    arguments.add_integer("grace_ms", *grace_s * 1000);
    add_audit(arguments, exchange, {"tokens.rotate", {}, "grace " + std::to_string(*grace_s) + " s"});
    const Result<Json> answer = co_await admin_database(exchange, "pool_tokens_rotate", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    const auto own_hash = json::get_string(*answer, "hash");
    if (!own_hash) co_return fail(ErrorCode::not_found, "there is no such token");
    call.state->tokens.forget(*own_hash, exchange.app.now_ms);
    call.state->tokens.forget(secret->hash, exchange.app.now_ms);
    Writer out;
    out.begin_object().add_boolean("success", true).add_string("token", secret->text).add_string("hash", *own_hash);
    out.add_string("name", json::get_string(*answer, "name").value_or(""));
    write_iso(out, "graceUntil", *answer, "old_until_ms");
    co_return out.end_object().take();
}

Task<AdminAnswer> remove_token(Exchange& exchange, AdminCall& call) {
    const std::string hash = hash_of_call(exchange, call.body);
    if (hash.empty()) {
        co_return fail(ErrorCode::bad_request, "name the token: {\"token\": ...} or {\"id\": ...}", "token");
    }
    Writer arguments = arguments_for(*call.state);
    arguments.add_string("hash", hash);
    add_audit(arguments, exchange, {"tokens.remove"});
    const Result<Json> answer = co_await admin_database(exchange, "pool_tokens_remove", std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    call.state->tokens.forget(hash, exchange.app.now_ms);
    co_return touched_body(*answer, "removed", "Removed", "No such token");
}

}  // namespace edgepool::app
