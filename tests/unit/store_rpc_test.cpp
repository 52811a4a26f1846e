#include "store/rpc.hpp"

#include "support/catch.hpp"

using namespace edgepool;
using store::read_rpc_answer;
using store::rpc_request;

namespace {

ErrorCode refusal(std::uint32_t status, std::string_view body) {
    const auto answer = read_rpc_answer(status, body);
    REQUIRE_FALSE(answer.has_value());
    CHECK_FALSE(answer.error().detail.empty());
    return answer.error().code;
}

}  // namespace

TEST_CASE("a call is one POST with its arguments in the body and no secret in the URL") {
    const host::Fetch request = rpc_request({"https://db.example/rest/v1", "sb_secret_abc"}, "pool_take", "{\"provider\":\"x\"}");
    CHECK(request.method == "POST");
    CHECK(request.url == "https://db.example/rest/v1/rpc/pool_take");
    CHECK(request.body == "{\"p\":{\"provider\":\"x\"}}");
    CHECK(request.body_kind == host::BodyKind::bytes);
    CHECK(request.headers.get("apikey") == "sb_secret_abc");
    CHECK_FALSE(request.headers.has("authorization"));
    CHECK(request.headers.get("content-type") == "application/json");
    CHECK(request.timeout_ms == limits::kDatabaseTimeoutMs);
}

TEST_CASE("an older key, which is a JWT, is sent as a bearer token as well") {
    const host::Fetch request = rpc_request({"https://db.example/rest/v1", "eyJhbGciOi"}, "pool_take", "{}");
    CHECK(request.headers.get("apikey") == "eyJhbGciOi");
    CHECK(request.headers.get("authorization") == "Bearer eyJhbGciOi");
}

TEST_CASE("an answer is its JSON, whatever blanks are in it") {
    CHECK(read_rpc_answer(200, " { \"a\" :\n1 } ").has_value());
    CHECK(read_rpc_answer(200, "null").has_value());
    CHECK(refusal(200, "") == ErrorCode::storage_answer_unreadable);
    CHECK(refusal(200, "<html>") == ErrorCode::storage_answer_unreadable);
    CHECK(refusal(200, "{} {}") == ErrorCode::storage_answer_unreadable);
}

TEST_CASE("a refusal is told apart from a database in trouble, and both from a schema that is missing") {
    CHECK(refusal(404, R"({"code":"PGRST202","message":"Could not find the function"})") == ErrorCode::schema_outdated);
    CHECK(refusal(404, R"({"code":"PT404","message":"pool_tables_missing"})") == ErrorCode::provider_not_configured);
    CHECK(refusal(400, R"({"code":"PT400","message":"pool_unknown_provider"})") == ErrorCode::provider_not_configured);
    CHECK(refusal(401, R"({"message":"JWT expired"})") == ErrorCode::not_configured);
    CHECK(refusal(403, R"({"code":"42501","message":"permission denied"})") == ErrorCode::not_configured);
    CHECK(refusal(400, R"({"code":"PT400","message":"pool_bad_argument","details":"keys[0].key"})") == ErrorCode::storage_refused);
    CHECK(refusal(409, R"({"code":"PT409","message":"pool_batch_expired"})") == ErrorCode::storage_refused);
    CHECK(refusal(413, R"({"code":"PT413","message":"pool_too_large"})") == ErrorCode::storage_refused);
    for (const std::uint32_t status : {404u, 408u, 429u, 500u, 502u, 503u, 504u, 520u, 302u}) {
        CAPTURE(status);
        CHECK(refusal(status, R"({"code":"57014","message":"canceling statement"})") == ErrorCode::storage_unavailable);
    }
    CHECK(refusal(400, R"x({"code":"23514","message":"violates check constraint","details":"Failing row contains (sk-secret)"})x") == ErrorCode::storage_refused);
    CHECK(refusal(400, "<html>a proxy</html>") == ErrorCode::storage_unavailable);
    CHECK(refusal(500, "") == ErrorCode::storage_unavailable);
    CHECK(refusal(500, "[]") == ErrorCode::storage_unavailable);
}

TEST_CASE("a refusal tells our own functions' words, and of PostgreSQL's nothing but the code") {
    const auto detail = [](std::string_view body) { return store::read_rpc_answer(400, body).error().detail; };
    CHECK(detail(R"({"code":"PT400","message":"pool_bad_argument","details":"keys[0].key"})") == "pool_bad_argument: keys[0].key");
    for (const char* body : {R"x({"code":"23505","message":"duplicate key (sk-secret)","details":"Key (api_key)=(sk-secret) already exists.","hint":"sk-secret"})x",
                             R"({"code":"sk-secret","message":"sk-secret"})", R"({"message":"a sk-secret","details":"sk-secret"})"}) {
        CHECK(detail(body).find("sk-secret") == std::string::npos);
    }
    CHECK(detail(R"({"code":"23505","message":"m","details":"d"})") == "the database refuses the call (23505)");
    CHECK(detail(R"({"code":"PGRST102","message":"m"})") == "the database refuses the call (PGRST102)");
}
