// Client tokens as administration makes, changes and rotates them.
#include "base/limits.hpp"
#include "base/sha256.hpp"
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

std::string member_of(const ClientAnswer& answer, const char* name) { return json::get_string(*json::parse(answer.body), name).value_or(""); }

json::Json only_row(Pool& pool, std::string_view search) {
    const auto body = json::parse(pool.host.ask(as_admin("GET", "/admin/tokens?search=" + std::string(search))).body);
    REQUIRE((body && body->at("tokens").size() == 1));
    return body->at("tokens").at(0);
}

const ClientAnswer& chat_with(Pool& pool, const std::string& token) { return pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), token)); }

}  // namespace

TEST_CASE("a token made with limits has them, shows them in dollars, and shows what it used") {
    Pool pool;
    const ClientAnswer& made = pool.host.ask(as_admin("POST", "/admin/tokens", R"({"name":"laptop","limits":{"daily_requests":9,"daily_cost_usd":1.5,"models":["gpt*"]}})"));
    CHECK(made.status == 200);
    const std::string token = member_of(made, "token");
    CHECK(member_of(made, "hash") == sha256_hex(token));
    CHECK(chat_with(pool, token).headers.get("x-ratelimit-remaining-requests") == "8");
    pool.settle();
    const json::Json row = only_row(pool, "laptop");
    CHECK(json::dump(row.at("limits")) == R"({"daily_cost_usd":"1.5","daily_requests":9,"models":["gpt*"]})");
    CHECK(row.at("used").at("day_requests") == 1);
    CHECK(row.at("used").at("month_requests") == 1);
    CHECK(row.at("used").at("day_tokens").get<int>() > 0);
    CHECK(row.at("hash") == sha256_hex(token));
    CHECK(row.at("grace_until").is_null());
    CHECK_FALSE(has(made.body, "sha256"));
}

TEST_CASE("limits that make no sense are refused by name, at making and at changing") {
    Pool pool;
    for (const char* bounds : {R"({"rpm":5})", R"({"daily_tokens":-1})", R"({"models":"all"})", R"({"addresses":["nowhere"]})", "[]", "7"}) {
        CAPTURE(bounds);
        const ClientAnswer& made = pool.host.ask(as_admin("POST", "/admin/tokens", R"({"name":"n","limits":)" + std::string(bounds) + "}"));
        CHECK(made.status == 400);
        CHECK(has(made.body, "\"param\":\"limits"));
        CHECK(pool.host.ask(as_admin("PATCH", "/admin/tokens/" + sha256_hex(kToken), R"({"limits":)" + std::string(bounds) + "}")).status == 400);
    }
    CHECK(pool.database.token_count() == 1);
}

TEST_CASE("a token's name, life, limits and being disabled can be changed one by one") {
    Pool pool;
    const std::string path = "/admin/tokens/" + sha256_hex(kToken);
    CHECK(pool.host.ask(chat()).status == 200);
    CHECK(pool.host.ask(as_admin("PATCH", path, R"({"disabled":true})")).status == 200);
    CHECK(pool.host.ask(chat()).status == 403);
    CHECK(pool.host.ask(as_admin("PATCH", path, R"({"disabled":false,"name":"renamed"})")).status == 200);
    CHECK(pool.host.ask(chat()).status == 200);
    CHECK(pool.host.ask(as_admin("PATCH", path, R"({"expiresIn":60,"limits":{"monthly_requests":5}})")).status == 200);
    const json::Json row = only_row(pool, "renamed");
    CHECK(row.at("expires_at").is_string());
    CHECK(row.at("limits").at("monthly_requests") == 5);
    CHECK(pool.host.ask(as_admin("PATCH", path, R"({"expiresIn":0,"limits":{}})")).status == 200);
    CHECK(only_row(pool, "renamed").at("expires_at").is_null());
    CHECK(only_row(pool, "renamed").at("limits").is_null());
}

TEST_CASE("a change that names nothing, or what is not there, is said") {
    Pool pool;
    const std::string path = "/admin/tokens/" + sha256_hex(kToken);
    CHECK(pool.host.ask(as_admin("PATCH", path, "{}")).status == 400);
    CHECK(pool.host.ask(as_admin("PATCH", path, R"({"disabled":"yes"})")).status == 400);
    CHECK(pool.host.ask(as_admin("PATCH", path, R"({"name":""})")).status == 400);
    CHECK(pool.host.ask(as_admin("PATCH", path, R"({"expiresIn":-1})")).status == 400);
    CHECK(pool.host.ask(as_admin("PATCH", "/admin/tokens/" + sha256_hex("nobody"), R"({"disabled":true})")).status == 404);
    CHECK(pool.host.ask(as_admin("POST", "/admin/tokens/" + sha256_hex("nobody") + "/rotate", "{}")).status == 404);
    CHECK(pool.host.ask(as_admin("POST", path + "/rotate", R"({"grace":-1})")).status == 400);
    CHECK(pool.host.ask(as_admin("POST", path + "/rotate", R"({"grace":"long"})")).status == 400);
    CHECK(pool.host.ask(as_admin("POST", path + "/rotate", "{\"grace\":" + std::to_string(limits::kLongestGraceS + 1) + "}")).status == 400);
    CHECK(pool.host.ask(as_admin("POST", path + "/rotate", "{\"grace\":" + std::to_string(limits::kLongestGraceS) + "}")).status == 200);
}

TEST_CASE("a rotated token has two secrets for a while, both count for it, then the old one is gone") {
    Pool pool;
    const std::string hash = sha256_hex(kToken);
    CHECK(pool.host.ask(chat()).status == 200);
    const ClientAnswer& rotated = pool.host.ask(as_admin("POST", "/admin/tokens/" + hash + "/rotate", R"({"grace":3600})"));
    CHECK(rotated.status == 200);
    const std::string fresh = member_of(rotated, "token");
    CHECK(fresh.size() > 60);
    CHECK(member_of(rotated, "hash") == hash);
    CHECK(member_of(rotated, "graceUntil").substr(0, 10) == "2027-01-15");
    CHECK(pool.host.ask(chat()).status == 200);
    CHECK(chat_with(pool, fresh).status == 200);
    pool.settle();
    CHECK(pool.database.of_token(kToken).requests == 3);
    CHECK(pool.database.token_count() == 1);
    pool.time.run_for(kHourMs);
    CHECK(pool.host.ask(chat()).status == 401);
    CHECK(chat_with(pool, fresh).status == 200);
    pool.settle();
    CHECK(pool.database.of_token(kToken).requests == 4);
}

TEST_CASE("a secret that is rotated away without grace is refused at once, and a rotated token can be changed by its hash") {
    Pool pool;
    const std::string path = "/admin/tokens/" + sha256_hex(kToken);
    const std::string fresh = member_of(pool.host.ask(as_admin("POST", path + "/rotate", R"({"grace":0})")), "token");
    CHECK(pool.host.ask(chat()).status == 401);
    CHECK(chat_with(pool, fresh).status == 200);
    CHECK(pool.host.ask(as_admin("PATCH", path, R"({"disabled":true})")).status == 200);
    CHECK(chat_with(pool, fresh).status == 403);
    CHECK(pool.host.ask(as_admin("DELETE", "/admin/client-tokens/" + fresh)).status == 200);
    CHECK(pool.database.token_count() == 0);
}

TEST_CASE("both secrets of a token share its limits") {
    Pool pool;
    const std::string path = "/admin/tokens/" + sha256_hex(kToken);
    CHECK(pool.host.ask(as_admin("PATCH", path, R"({"limits":{"daily_requests":2,"requests_per_minute":50}})")).status == 200);
    const std::string fresh = member_of(pool.host.ask(as_admin("POST", path + "/rotate", "")), "token");
    CHECK(pool.host.ask(chat()).status == 200);
    CHECK(chat_with(pool, fresh).status == 200);
    CHECK(pool.host.ask(chat()).status == 402);
    CHECK(chat_with(pool, fresh).status == 402);
}
