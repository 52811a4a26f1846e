// The administrators' routes over the fake database: keys, tokens, figures, and what each does to requests that follow.
#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "base/sha256.hpp"
#include "flow/pool_under_test.hpp"
#include "json/dom.hpp"
#include "json/scan.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

ClientRequest import_of(std::string_view type, std::string body, std::string_view query = {}) {
    ClientRequest request = as_admin("POST", "/admin/api-keys/import" + std::string(query), std::move(body));
    request.headers.set("content-type", type);
    return request;
}

void require_json(const ClientAnswer& answer, int status) {
    CAPTURE(answer.body);
    CHECK(answer.status == status);
    CHECK(json::scan_value(answer.body).has_value());
    CHECK(answer.headers.get("content-type") == "application/json; charset=utf-8");
}

std::string member(const ClientAnswer& answer, std::string_view name) {
    const std::string begin = "\"" + std::string(name) + "\":\"";
    const std::size_t at = answer.body.find(begin);
    REQUIRE(at != std::string::npos);
    const std::size_t from = at + begin.size();
    return answer.body.substr(from, answer.body.find('"', from) - from);
}

}  // namespace

TEST_CASE("administration is closed to everybody without the admin token") {
    Pool pool;
    for (const auto& [method, path] : std::vector<std::pair<const char*, const char*>>{{"GET", "/admin/stats"},
                                                                                       {"GET", "/admin/api-keys"},
                                                                                       {"POST", "/admin/api-keys"},
                                                                                       {"POST", "/admin/api-keys/import"},
                                                                                       {"DELETE", "/admin/api-keys/x"},
                                                                                       {"GET", "/admin/tokens"},
                                                                                       {"POST", "/admin/tokens"},
                                                                                       {"DELETE", "/admin/client-tokens/x"}}) {
        CAPTURE(method, path);
        for (const std::string_view token : {std::string_view(""), std::string_view("wrong"), kToken}) {
            const ClientAnswer& answer = pool.host.ask(request_of(method, path, "{}", token));
            CHECK(answer.status == 401);
            CHECK(has(answer.body, "\"code\":\"invalid_admin_token\""));
            CHECK_FALSE(answer.headers.has("access-control-allow-origin"));
        }
    }
    CHECK(pool.database.calls().empty());
}

TEST_CASE("other origins reach administration only when they are named") {
    Pool pool(1, configured({{"ADMIN_CORS_ORIGINS", "https://panel.example, https://other.example"}}));
    ClientRequest request = as_admin("GET", "/admin/stats");
    request.headers.add("origin", "https://panel.example");
    CHECK(pool.host.ask(request).headers.get("access-control-allow-origin") == "https://panel.example");
    request.headers.set("origin", "https://elsewhere.example");
    CHECK_FALSE(pool.host.ask(request).headers.has("access-control-allow-origin"));
}

TEST_CASE("an unknown provider is 400, in the query and in the body, and the body wins") {
    Pool pool;
    for (const ClientRequest& request : {as_admin("GET", "/admin/stats?provider=nobody"), as_admin("GET", "/admin/api-keys?provider=nobody"),
                                         as_admin("POST", "/admin/api-keys", "{\"api_key\":\"k\",\"provider\":\"nobody\"}"),
                                         as_admin("POST", "/admin/api-keys?provider=ollama", "{\"api_key\":\"k\",\"provider\":7}"),
                                         import_of("application/json", "{\"keys\":[\"k\"],\"provider\":\"nobody\"}"),
                                         request_of("GET", "/admin/public-stats?provider=nobody")}) {
        const ClientAnswer& answer = pool.host.ask(request);
        require_json(answer, 400);
        CHECK(has(answer.body, "\"code\":\"unknown_provider\""));
    }
    CHECK(pool.host.ask(as_admin("POST", "/admin/api-keys?provider=ollama", "{\"api_key\":\"k-or\",\"provider\":\"openrouter\"}")).status == 200);
    CHECK(pool.database.key_count("openrouter") == 1);
}

TEST_CASE("a key that is added is used by the next request, and adding it again changes nothing") {
    Pool pool(0);
    CHECK(pool.host.ask(chat()).status == 503);
    const ClientAnswer& added = pool.host.ask(as_admin("POST", "/admin/api-keys", "{\"apiKey\":\" new-key-000001 \",\"username\":\"ann\",\"ttl\":3600}"));
    require_json(added, 200);
    CHECK(has(added.body, "\"success\":true"));
    CHECK(has(added.body, "\"id\":\"" + sha256_hex("new-key-000001").substr(0, 16) + "\""));
    CHECK(pool.host.ask(chat()).status == 200);
    CHECK(pool.upstream.seen().back().key == "new-key-000001");
    CHECK(pool.database.key("new-key-000001").username == "ann");
    CHECK(pool.database.key("new-key-000001").expires_ms.has_value());
    const ClientAnswer& again = pool.host.ask(as_admin("POST", "/admin/api-keys", "{\"api_key\":\"new-key-000001\"}"));
    CHECK(again.status == 200);
    CHECK(has(again.body, "\"success\":false"));
    CHECK(has(again.body, "Already exists"));
    pool.settle();
}

TEST_CASE("a key that cannot be one is refused, and the answer does not repeat it") {
    Pool pool(0);
    for (const std::string& body : {std::string("{}"), std::string("{\"api_key\":7}"), std::string("{\"api_key\":\"\"}"), std::string("{\"api_key\":\"two words\"}"),
                                    "{\"api_key\":\"" + std::string(limits::kMaxKeyBytes + 1, 'k') + "\"}", std::string("{\"api_key\":\"k\",\"ttl\":-1}"),
                                    std::string("{\"api_key\":\"k\",\"username\":7}"), std::string("[]"), std::string("")}) {
        CAPTURE(body);
        const ClientAnswer& answer = pool.host.ask(as_admin("POST", "/admin/api-keys", body));
        require_json(answer, 400);
        CHECK_FALSE(has(answer.body, "two words"));
    }
    CHECK(pool.database.key_count() == 0);
}

TEST_CASE("imports take JSON, plain text and CSV, count what they find, and the keys are used at once") {
    const auto [type, body, added, bad] = GENERATE(table<std::string, std::string, int, int>(
        {{"application/json", "{\"keys\":[\"imported-1\",\"imported-2\",\"imported-1\",\"bad key\",7]}", 2, 2},
         {"text/plain; charset=utf-8", "imported-1\r\n\n# note\nimported-2\nimported-1\nbad key\n", 2, 1},
         {"text/csv", "key,username,expires_at\nimported-1,ann,2030-01-01T00:00:00Z\n\"imported-2\",\"b, c\",\nimported-1,,\nimported-3,x,soon\n", 2, 1}}));
    CAPTURE(type);
    Pool pool(0);
    CHECK(pool.host.ask(chat()).status == 503);
    const ClientAnswer& answer = pool.host.ask(import_of(type, body));
    require_json(answer, 200);
    CHECK(has(answer.body, "\"added\":" + std::to_string(added)));
    CHECK(has(answer.body, "\"duplicates\":1"));
    CHECK(has(answer.body, "\"invalidCount\":" + std::to_string(bad)));
    CHECK(has(answer.body, "\"line\":"));
    CHECK_FALSE(has(answer.body, "bad key"));
    CHECK(pool.database.key_count() == 2);
    CHECK(pool.host.ask(chat()).status == 200);
    CHECK(has(pool.upstream.seen().back().key, "imported-"));
    const ClientAnswer& again = pool.host.ask(import_of(type, body));
    CHECK(has(again.body, "\"added\":0"));
    CHECK(has(again.body, "\"existing\":2"));
    pool.settle();
}

TEST_CASE("an import says which provider it is for in its body or in the query") {
    Pool pool(0);
    CHECK(pool.host.ask(import_of("application/json", "{\"provider\":\"openrouter\",\"keys\":[\"a-key-1\"]}")).status == 200);
    CHECK(pool.host.ask(import_of("text/plain", "a-key-2", "?provider=openrouter")).status == 200);
    CHECK(pool.host.ask(import_of("text/plain", "a-key-3")).status == 200);
    CHECK(pool.database.key_count("openrouter") == 2);
    CHECK(pool.database.key_count("ollama") == 1);
}

TEST_CASE("a large import goes to the database in portions and arrives whole") {
    Pool pool(0);
    std::string text;
    const std::size_t count = 2 * limits::kKeysPerDatabaseCall + 1;
    for (std::size_t i = 0; i < count; ++i) text += "imported-key-" + std::to_string(i) + "\n";
    const ClientAnswer& answer = pool.host.ask(import_of("text/plain", text));
    CHECK(has(answer.body, "\"added\":" + std::to_string(count)));
    CHECK(pool.database.key_count() == count);
    CHECK(pool.database.count("pool_keys_add") == 3);
    const ClientAnswer& listed = pool.host.ask(as_admin("GET", "/admin/api-keys?fetch=all"));
    CHECK(has(listed.body, "\"total\":" + std::to_string(count)));
}

TEST_CASE("?fetch=all sends every key page by page, and holds no more than one page at a time") {
    Pool pool(0);
    constexpr int kKeys = 2'500;
    for (int i = 0; i < kKeys; ++i) pool.database.add_key("key-of-many-" + std::to_string(i));
    const ClientAnswer& all = pool.host.ask(as_admin("GET", "/admin/api-keys?fetch=all&page=7"));
    CHECK(all.status == 200);
    CHECK(all.headers.get("content-type") == "application/json; charset=utf-8");
    CHECK(all.headers.get("cache-control") == "no-store");
    const auto body = json::parse(all.body);
    REQUIRE(body);
    CHECK(body->at("total") == kKeys);
    CHECK(body->at("page") == 1);
    CHECK(body->at("complete") == true);
    std::set<std::string> ids;
    for (const auto& row : body->at("api_keys")) ids.insert(row.at("id").get<std::string>());
    CHECK(ids.size() == kKeys);
    CHECK(pool.database.count("pool_keys_list") == 3);
}

TEST_CASE("?fetch=all of as many keys as it gives is complete, and of one more says that it is not") {
    Pool pool(0);
    constexpr int kMost = 40'000;
    const auto all = [&] { return pool.host.ask(as_admin("GET", "/admin/keys/stats?fetch=all")).body; };
    for (int i = 0; i < kMost; ++i) pool.database.add_key("key-of-many-" + std::to_string(i));
    CHECK(has(all(), "\"total\":40000,\"page\":1,\"pageSize\":1000,\"totalPages\":40,\"complete\":true}"));
    CHECK(pool.database.count("pool_keys_list") == 40);
    pool.database.add_key("one-more-key");
    CHECK(has(all(), "\"total\":40001,\"page\":1,\"pageSize\":1000,\"totalPages\":41,\"complete\":false}"));
    CHECK(pool.database.count("pool_keys_list") == 80);
}

TEST_CASE("?fetch=all of no key is an empty list, and one that breaks on its way is cut off") {
    Pool pool(0);
    CHECK(has(pool.host.ask(as_admin("GET", "/admin/api-keys?fetch=all")).body, "{\"api_keys\":[],\"total\":0"));
    pool.database.trouble = FakeDatabase::Trouble::down;
    CHECK(pool.host.ask(as_admin("GET", "/admin/api-keys?fetch=all")).status == 503);
}

TEST_CASE("keys are listed in pages, masked, and filtered by the database") {
    Pool pool(5);
    const ClientAnswer& page = pool.host.ask(as_admin("GET", "/admin/api-keys?page=2&pageSize=2"));
    require_json(page, 200);
    CHECK(has(page.body, "\"total\":5,\"page\":2,\"pageSize\":2,\"totalPages\":3"));
    CHECK(has(page.body, "\"api_key\":\"key-nu...cret\""));
    CHECK_FALSE(has(page.body, "key-number"));
    CHECK(has(pool.host.ask(as_admin("GET", "/admin/api-keys?status=disabled")).body, "\"total\":0"));
    for (const char* query : {"page=0", "page=x", "pageSize=0", "pageSize=1001"}) {
        CHECK(pool.host.ask(as_admin("GET", "/admin/api-keys?" + std::string(query))).status == 400);
    }
    CHECK(pool.host.ask(as_admin("GET", "/admin/api-keys?pageSize=1000")).status == 200);
}

TEST_CASE("keys are removed by key or id, alone or together, and are not used any more") {
    Pool pool(4);
    pool.warm();
    CHECK(has(pool.host.ask(as_admin("DELETE", "/admin/api-keys/" + key_name(1))).body, "\"success\":true,\"removed\":1"));
    const std::string id = sha256_hex(key_name(2)).substr(0, 16);
    CHECK(has(pool.host.ask(as_admin("DELETE", "/admin/api-keys/" + id)).body, "\"removed\":1"));
    CHECK(has(pool.host.ask(as_admin("DELETE", "/admin/api-keys", "{\"apiKeys\":[\"" + key_name(3) + "\",\"nobody\"]}")).body, "\"removed\":1"));
    CHECK(has(pool.host.ask(as_admin("DELETE", "/admin/api-keys", "{\"apiKey\":\"nobody\"}")).body, "\"success\":false,\"removed\":0"));
    CHECK(pool.host.ask(as_admin("DELETE", "/admin/api-keys", "{}")).status == 400);
    pool.upstream.seen().clear();
    for (int i = 0; i < 20; ++i) CHECK(pool.host.ask(chat()).status == 200);
    for (const std::string& key : pool.upstream.keys_seen()) CHECK(key == key_name(4));
}

TEST_CASE("a token is made, shown once, works at once, is listed by its hint, and stops working when it is removed") {
    Pool pool;
    pool.warm();
    const ClientAnswer& made = pool.host.ask(as_admin("POST", "/admin/tokens", "{\"name\":\" laptop \",\"expiresIn\":3600,\"limits\":{\"requests_per_minute\":5}}"));
    require_json(made, 200);
    const std::string token = member(made, "token"), id = member(made, "id");
    CHECK(token.substr(0, 3) == "ep-");
    CHECK(token.size() == 3 + 64);
    CHECK(id == sha256_hex(token));
    CHECK(member(made, "name") == "laptop");
    CHECK(member(made, "expiresAt").substr(0, 14) == "2027-01-15T09:");
    for (const DatabaseCall& call : pool.database.calls()) CHECK_FALSE(has(call.body, token));

    CHECK(pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), token)).status == 200);
    const ClientAnswer& listed = pool.host.ask(as_admin("GET", "/admin/tokens?search=lap"));
    require_json(listed, 200);
    CHECK(has(listed.body, "\"total\":1"));
    CHECK(has(listed.body, "ep-..." + token.substr(token.size() - 4)));
    CHECK(has(listed.body, "\"limits\":{\"requests_per_minute\":5}"));
    CHECK_FALSE(has(listed.body, token));

    CHECK(has(pool.host.ask(as_admin("DELETE", "/admin/tokens/" + (GENERATE(true, false) ? token : id))).body, "\"removed\":1"));
    CHECK(pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), token)).status == 401);
    pool.settle();
}

TEST_CASE("two tokens are never alike") {
    Pool pool;
    const std::string first = member(pool.host.ask(as_admin("POST", "/admin/client-tokens", "{\"name\":\"a\"}")), "token");
    const std::string second = member(pool.host.ask(as_admin("POST", "/admin/client-tokens", "{\"name\":\"a\"}")), "token");
    CHECK(first != second);
    CHECK(pool.database.token_count() == 3);
}

TEST_CASE("a token without a good name or life is refused") {
    Pool pool;
    const std::size_t before = pool.database.token_count();
    for (const std::string& body : {std::string("{}"), std::string("{\"name\":\"\"}"), std::string("{\"name\":\"  \"}"), std::string("{\"name\":7}"),
                                    std::string("{\"name\":\"a\\u0007b\"}"), "{\"name\":\"" + std::string(limits::kMaxNameBytes + 1, 'n') + "\"}",
                                    std::string("{\"name\":\"a\",\"expiresIn\":-1}"), std::string("{\"name\":\"a\",\"ttl\":\"soon\"}"),
                                    std::string("{\"name\":\"a\",\"ttl\":1.5}")}) {
        CAPTURE(body);
        CHECK(pool.host.ask(as_admin("POST", "/admin/tokens", body)).status == 400);
    }
    CHECK(pool.database.token_count() == before);
    CHECK(pool.host.ask(as_admin("POST", "/admin/tokens", "{\"name\":\"" + std::string(limits::kMaxNameBytes, 'n') + "\"}")).status == 200);
    CHECK(pool.host.ask(as_admin("DELETE", "/admin/tokens", "{}")).status == 400);
    CHECK(has(pool.host.ask(as_admin("DELETE", "/admin/tokens", "{\"token\":\"nobody\"}")).body, "\"removed\":0"));
}

TEST_CASE("the figures of administration are those of the database, under the older names") {
    Pool pool(3);
    pool.upstream.in_order({chat_answer(), refusal(400), chat_answer()});
    for (int i = 0; i < 3; ++i) pool.host.ask(chat());
    pool.settle();
    const ClientAnswer& answer = pool.host.ask(as_admin("GET", "/admin/stats"));
    require_json(answer, 200);
    for (const char* part : {"\"total_api_keys\":3", "\"active_keys\":3", "\"failed_keys\":0", "\"total_client_tokens\":1", "\"total_requests\":3",
                             "\"success_count\":2", "\"failure_count\":1", "\"success_rate\":\"66.67\"", "\"prompt_tokens\":14", "\"storage\":\"postgres\""}) {
        CAPTURE(part);
        CHECK(has(answer.body, part));
    }
}

TEST_CASE("administration says when the database is in trouble, and when it refuses") {
    Pool pool;
    pool.database.trouble = FakeDatabase::Trouble::down;
    for (const ClientRequest& request : {as_admin("GET", "/admin/stats"), as_admin("GET", "/admin/api-keys"), as_admin("GET", "/admin/tokens"),
                                         as_admin("POST", "/admin/api-keys", "{\"api_key\":\"k-1\"}"), as_admin("POST", "/admin/tokens", "{\"name\":\"a\"}"),
                                         import_of("text/plain", "k-1"), as_admin("DELETE", "/admin/api-keys/k-1"), as_admin("DELETE", "/admin/tokens/t")}) {
        const ClientAnswer& answer = pool.host.ask(request);
        require_json(answer, 503);
        CHECK(answer.headers.has("retry-after"));
    }
    pool.database.trouble = FakeDatabase::Trouble::refuses_batches;
    const ClientAnswer& refused = pool.host.ask(as_admin("GET", "/admin/api-keys"));
    require_json(refused, 400);
    CHECK(has(refused.body, "pool_bad_argument"));
}

TEST_CASE("an administrator who leaves during an import stops it between two portions") {
    Pool pool(0);
    std::string text;
    for (std::size_t i = 0; i < 2 * limits::kKeysPerDatabaseCall; ++i) text += "imported-key-" + std::to_string(i) + "\n";
    const ClientAnswer& answer = pool.host.ask(leaving_after(5, import_of("text/plain", text)));
    CHECK(answer.left);
    CHECK(pool.database.key_count() == limits::kKeysPerDatabaseCall);
}

TEST_CASE("an import tells of its progress as NDJSON when asked, and ends with the result") {
    Pool pool(0);
    std::string text = "bad key\n";
    const std::size_t count = limits::kKeysPerDatabaseCall + 1;
    for (std::size_t i = 0; i < count; ++i) text += "imported-key-" + std::to_string(i) + "\n";
    ClientRequest request = import_of("text/plain", text + "imported-key-0\n");
    request.headers.set("accept", "application/x-ndjson");
    const ClientAnswer& answer = pool.host.ask(request);
    CHECK(answer.status == 200);
    CHECK(answer.ended);
    CHECK(answer.headers.get("content-type") == "application/x-ndjson");
    const std::string total = ",\"total\":" + std::to_string(count + 2);
    CHECK(has(answer.body, "{\"progress\":{\"done\":0" + total + ",\"added\":0,\"existing\":0,\"duplicates\":0,\"invalid\":0}}\n"));
    CHECK(has(answer.body, "{\"progress\":{\"done\":5001" + total + ",\"added\":5000,\"existing\":0,\"duplicates\":0,\"invalid\":1}}\n"));
    CHECK(has(answer.body, "{\"progress\":{\"done\":5002" + total + ",\"added\":5001,") == false);
    CHECK(has(answer.body, "{\"progress\":{\"done\":5003" + total + ",\"added\":5001,\"existing\":0,\"duplicates\":1,\"invalid\":1}}\n"));
    CHECK(has(answer.body, "\n{\"result\":{\"success\":true" + total + ",\"added\":5001,\"existing\":0,\"duplicates\":1,\"duplicateLines\":[5003]"));
    CHECK(has(answer.body, "\"invalid\":[{\"line\":1,\"reason\":"));
    CHECK(answer.body.back() == '\n');
    const ClientAnswer& refused = pool.host.ask([&] {
        ClientRequest bad = import_of("application/json", "{}");
        bad.headers.set("accept", "application/x-ndjson");
        return bad;
    }());
    require_json(refused, 400);
}

TEST_CASE("an import that the database stops half-way says what stays, and sent again it ends as if nothing had happened") {
    const bool with_progress = GENERATE(false, true);
    Pool pool(0);
    std::string text;
    const std::size_t count = 2 * limits::kKeysPerDatabaseCall;
    for (std::size_t i = 0; i < count; ++i) text += "imported-key-" + std::to_string(i) + "\n";
    ClientRequest request = import_of("text/plain", text);
    if (with_progress) request.headers.set("accept", "application/x-ndjson");
    pool.time.at(pool.time.now_ms() + 5, [&] { pool.database.trouble = FakeDatabase::Trouble::down; });
    const ClientAnswer& stopped = pool.host.ask(request);
    CHECK(stopped.status == (with_progress ? 200 : 503));
    CHECK(stopped.ended);
    CHECK(has(stopped.body, "5000 keys had been added before"));
    CHECK(has(stopped.body, "\"code\":\"storage_unavailable\""));
    CHECK_FALSE(has(stopped.body, "\"result\""));
    pool.database.trouble = FakeDatabase::Trouble::none;
    const ClientAnswer& again = pool.host.ask(request);
    CHECK(has(again.body, "\"added\":5000,\"existing\":5000"));
    CHECK(pool.database.key_count() == count);
}
