#include "store/rpc.hpp"

#include "base/text.hpp"

namespace edgepool::store {

namespace {

// PostgreSQL's words may hold what was sent: "Failing row contains (sk-...)". Only our functions' own are known to hold none; of all
// others the code is told.
std::string refusal_detail(std::string_view code, std::string_view message, std::string_view details) {
    if (message.substr(0, 5) == "pool_") return std::string(message).append(": ").append(details);
    constexpr std::size_t kLongestCode = 16;
    const bool is_code = !code.empty() && code.size() <= kLongestCode && code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == code.npos;
    return std::string("the database refuses the call (").append(is_code ? code : "no code").append(")");
}

}  // namespace

host::Fetch rpc_request(const config::Storage& storage, std::string_view function, std::string_view arguments) {
    host::Fetch request;
    request.method = "POST";
    request.url = storage.rest_url + "/rpc/" + std::string(function);
    request.headers = {{"content-type", "application/json"}, {"accept", "application/json"}, {"apikey", storage.service_key}};
    // The older keys are JWTs and are expected as a bearer token as well; sb_secret_ keys are not JWTs and belong in apikey alone.
    if (storage.service_key.substr(0, 2) == "ey") request.headers.add("authorization", "Bearer " + storage.service_key);
    request.body_kind = host::BodyKind::bytes;
    request.body.append("{\"p\":").append(arguments).append("}");
    request.timeout_ms = limits::kDatabaseTimeoutMs;
    return request;
}

Result<json::Json> read_rpc_answer(std::uint32_t http_status, std::string_view body) {
    auto parsed = json::parse(body);
    if (http_status >= 200 && http_status < 300) {
        if (!parsed) return fail(ErrorCode::storage_answer_unreadable, "the database's answer cannot be read: " + json::parse_error(body).detail);
        return std::move(*parsed);
    }
    const std::string code = parsed ? json::get_string(*parsed, "code").value_or("") : "";
    const std::string message = parsed ? json::get_string(*parsed, "message").value_or("") : "";
    const std::string details = parsed ? json::get_string(*parsed, "details").value_or("") : "";
    if (code == "PGRST202") return fail(ErrorCode::schema_outdated, "the database schema is missing or outdated: apply sql/schema.sql");
    if (message == "pool_tables_missing") {
        return fail(ErrorCode::provider_not_configured, details.empty() ? "this provider's tables are missing: apply sql/schema.sql" : details);
    }
    if (message == "pool_unknown_provider") return fail(ErrorCode::provider_not_configured, "the database does not know this provider: apply sql/schema.sql");
    if (http_status == 401 || http_status == 403) {
        return fail(ErrorCode::not_configured, "the database refuses SUPABASE_SERVICE_ROLE_KEY (HTTP " + std::to_string(http_status) + ")");
    }
    const bool is_refusal = http_status == 400 || http_status == 409 || http_status == 413 || http_status == 422;
    if (!is_refusal || !parsed) return fail(ErrorCode::storage_unavailable, "the database answered HTTP " + std::to_string(http_status));
    return fail(ErrorCode::storage_refused, refusal_detail(code, message, details));
}

}  // namespace edgepool::store
