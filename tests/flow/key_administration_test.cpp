// What administrators do to many keys at once, over the fake database and upstream: exports, health checks and validated imports that go
// on by cursor; what is written down of it; and what the wrong token costs.
#include <algorithm>

#include "base/limits.hpp"
#include "base/sha256.hpp"
#include "flow/pool_under_test.hpp"
#include "json/scan.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

std::string id_of(std::string_view key) { return sha256_hex(key).substr(0, 16); }

ClientRequest from(std::string_view address, ClientRequest request) {
    request.headers.set("cf-connecting-ip", address);
    return request;
}

ClientRequest with_progress(ClientRequest request) {
    request.headers.set("accept", "application/x-ndjson");
    return request;
}

std::string text_after(const ClientAnswer& answer, std::string_view mark) {
    const std::size_t at = answer.body.find(mark);
    REQUIRE(at != std::string::npos);
    return answer.body.substr(at + mark.size(), 16);
}

// The provider knows every key but those named in `bad`.
void answer_probes(Pool& pool, const std::vector<std::string>& bad) {
    pool.upstream.by_default(json_reply(200, "{\"session\":{\"remaining_percent\":80}}"));
    for (const std::string& key : bad) pool.upstream.for_key(key, refusal(401, "invalid api key"));
}

}  // namespace

TEST_CASE("an export gives every key in full, as CSV that an import takes and as JSON, and is written down first") {
    Pool pool(3);
    const ClientAnswer& csv = pool.host.ask(as_admin("GET", "/admin/api-keys/export?format=csv"));
    CHECK(csv.status == 200);
    CHECK(csv.ended);
    CHECK(csv.headers.get("content-type") == "text/csv; charset=utf-8");
    CHECK(csv.headers.get("cache-control") == "no-store");
    CHECK(csv.headers.get("content-disposition") == "attachment; filename=\"edgepool-ollama-keys.csv\"");
    CHECK(csv.body.substr(0, 45) == "key,username,expires_at,status,created_at,id\n");
    for (int i = 1; i <= 3; ++i) CHECK(has(csv.body, "\n\"" + key_name(i) + "\",\"\",,active,"));
    ClientRequest import = as_admin("POST", "/admin/api-keys/import?provider=openrouter", csv.body);
    import.headers.set("content-type", "text/csv");
    CHECK(has(pool.host.ask(import).body, "\"added\":3,\"existing\":0,\"duplicates\":0"));

    const ClientAnswer& json = pool.host.ask(as_admin("GET", "/admin/api-keys/export"));
    CHECK(json.headers.get("content-type") == "application/json; charset=utf-8");
    CHECK(json::scan_value(json.body).has_value());
    CHECK(has(json.body, "\"key\":\"" + key_name(2) + "\""));
    CHECK(has(json.body, "\"count\":3,\"next\":null}"));
    const std::string audit = pool.host.ask(as_admin("GET", "/admin/audit")).body;
    CHECK(has(audit, "\"action\":\"keys.export\",\"target\":null,\"detail\":\"json\""));
    CHECK(has(audit, "\"affected\":3"));
    CHECK_FALSE(has(audit, "key-number"));
    for (const char* query : {"format=xml", "after=x", "after=0123456789ABCDEF"}) {
        CHECK(pool.host.ask(as_admin("GET", "/admin/api-keys/export?" + std::string(query))).status == 400);
    }
}

TEST_CASE("an export that breaks in the middle is cut, so that nobody takes it for whole; one that cannot be written down does not begin") {
    Pool pool(5001);
    const ClientAnswer& whole = pool.host.ask(as_admin("GET", "/admin/api-keys/export?format=csv"));
    CHECK(whole.ended);
    CHECK(std::count(whole.body.begin(), whole.body.end(), '\n') == 5002);
    pool.time.at(pool.time.now_ms() + 15, [&] { pool.database.trouble = FakeDatabase::Trouble::down; });
    const ClientAnswer& cut = pool.host.ask(as_admin("GET", "/admin/api-keys/export?format=csv"));
    CHECK(cut.status == 200);
    CHECK(cut.broken);
    CHECK_FALSE(cut.ended);
    CHECK(pool.host.ask(as_admin("GET", "/admin/api-keys/export")).status == 503);
}

TEST_CASE("figures of keys are listed as pages, the busiest first") {
    Pool pool(3);
    const ClientAnswer& answer = pool.host.ask(as_admin("GET", "/admin/keys/stats?pageSize=2"));
    CHECK(answer.status == 200);
    CHECK(has(answer.body, "{\"keys\":[{\"id\":"));
    CHECK(has(answer.body, "\"total\":3,\"page\":1,\"pageSize\":2,\"totalPages\":2"));
    CHECK(has(pool.database.calls().back().body, "\"sort\":\"-requests\""));
    CHECK(pool.host.ask(as_admin("GET", "/admin/keys/stats?sort=username")).status == 200);
    CHECK(has(pool.database.calls().back().body, "\"sort\":\"username\""));
}

TEST_CASE("keys are turned off by id with a reason and for a time, turned on again, and each deed is written down with its address") {
    Pool pool(3);
    const std::string ids = "{\"ids\":[\"" + id_of(key_name(1)) + "\",\"" + id_of(key_name(2)) + "\",\"ffffffffffffffff\"],";
    const ClientAnswer& off = pool.host.ask(from("203.0.113.7", as_admin("POST", "/admin/keys/disable", ids + "\"duration\":60,\"reason\":\"for a rest\"}")));
    CHECK(has(off.body, "\"success\":true,\"changed\":2"));
    CHECK(pool.database.key(key_name(1)).status == "disabled");
    CHECK(pool.database.key(key_name(1)).reason == "for a rest");
    CHECK(pool.database.key(key_name(1)).until_ms.has_value());
    CHECK(has(pool.host.ask(as_admin("POST", "/admin/keys/enable", "{\"id\":\"" + id_of(key_name(1)) + "\"}")).body, "\"changed\":1"));
    CHECK(pool.database.key(key_name(1)).status == "active");
    CHECK(has(pool.host.ask(as_admin("POST", "/admin/keys/enable", "{\"apiKeys\":[\"nobody\"]}")).body, "\"success\":false,\"changed\":0"));
    const std::string audit = pool.host.ask(as_admin("GET", "/admin/audit?pageSize=10")).body;
    CHECK(has(audit, "\"action\":\"keys.disable\",\"target\":null,\"detail\":\"for a rest\",\"address\":\"203.0.113.7\",\"affected\":2"));
    CHECK(has(audit, "\"action\":\"keys.enable\""));
}

TEST_CASE("as many keys may be named in one call as its bound says, not more") {
    Pool pool(1);
    std::string ids = "{\"ids\":[\"ffffffffffffffff\"";
    for (std::size_t i = 1; i < limits::kMostNamedKeys; ++i) ids += ",\"ffffffffffffffff\"";
    CHECK(pool.host.ask(as_admin("POST", "/admin/keys/enable", ids + "]}")).status == 200);
    const ClientAnswer& refused = pool.host.ask(as_admin("POST", "/admin/keys/enable", ids + "],\"apiKey\":\"k\"}"));
    CHECK(refused.status == 400);
    CHECK(has(refused.body, "\"param\":\"ids\""));
}

TEST_CASE("a health check asks about forty keys a call, six at once, and goes on by cursor until all were asked about once") {
    Pool pool(45);
    answer_probes(pool, {key_name(7)});
    const ClientAnswer& first = pool.host.ask(as_admin("POST", "/admin/keys/health-check", "{}"));
    CHECK(first.status == 200);
    CHECK(has(first.body, "\"checked\":40"));
    CHECK(pool.upstream.seen().size() == limits::kProbesPerCall);
    std::size_t at_once = 0;
    for (const Seen& seen : pool.upstream.seen()) {
        const double at_ms = seen.at_ms;
        at_once = std::max(at_once, static_cast<std::size_t>(std::count_if(pool.upstream.seen().begin(), pool.upstream.seen().end(),
                                                                           [&](const Seen& other) { return other.at_ms == at_ms; })));
    }
    CHECK(at_once == limits::kProbesAtOnce);
    const std::string cursor = text_after(first, "\"cursor\":\"");
    const ClientAnswer& second = pool.host.ask(as_admin("POST", "/admin/keys/health-check", "{\"cursor\":\"" + cursor + "\"}"));
    CHECK(has(second.body, "\"checked\":5"));
    CHECK(has(second.body, "\"cursor\":null"));
    CHECK(pool.upstream.seen().size() == 45);
    pool.settle();
    CHECK(pool.database.key(key_name(7)).status == "failed");
    CHECK(pool.database.key(key_name(8)).status == "active");
}

TEST_CASE("a health check tells of its progress when asked, asks about named keys alone, and passes over those turned off") {
    Pool pool(4);
    answer_probes(pool, {});
    StoredKey off;
    off.status = "disabled";
    pool.database.change_key(key_name(1), 0, off);
    CHECK(has(pool.host.ask(as_admin("POST", "/admin/keys/health-check", "{}")).body, "\"checked\":3,\"skipped\":1,\"good\":3"));
    const ClientAnswer& told = pool.host.ask(with_progress(as_admin("POST", "/admin/keys/health-check", "{\"ids\":[\"" + id_of(key_name(2)) + "\"]}")));
    CHECK(has(told.body, "{\"progress\":{\"done\":0,\"total\":1}}\n"));
    CHECK(has(told.body, "\n{\"result\":{\"success\":true,\"checked\":1"));
    pool.settle();
}

TEST_CASE("a validated import lets in the keys that the provider knows, removes the others, and goes on by cursor alone") {
    Pool pool(0);
    std::string body = "{\"keys\":[";
    for (int i = 1; i <= 45; ++i) body += (i == 1 ? "\"" : ",\"") + key_name(i) + "\"";
    answer_probes(pool, {key_name(3), key_name(44)});
    const ClientAnswer& first = pool.host.ask(as_admin("POST", "/admin/api-keys/import-with-validation", body + "]}"));
    CHECK(first.status == 200);
    CHECK(has(first.body, "\"total\":45,\"added\":45,\"existing\":0"));
    CHECK(has(first.body, "\"checked\":39"));
    const std::string cursor = text_after(first, "\"cursor\":\"");
    const ClientAnswer& second = pool.host.ask(as_admin("POST", "/admin/api-keys/import-with-validation", "{\"cursor\":\"" + cursor + "\"}"));
    CHECK(second.status == 200);
    CHECK(has(second.body, "\"checked\":6"));
    CHECK(has(second.body, "\"cursor\":null"));
    CHECK(pool.database.key_count() == 43);
    CHECK(pool.database.key(key_name(3)).secret.empty());
    CHECK(pool.database.key(key_name(1)).status == "active");
    CHECK(has(first.body + second.body, "\"refused\":[{\"id\":\""));
    CHECK_FALSE(has(first.body + second.body, "key-number"));
    pool.settle();
}

TEST_CASE("a key that the provider says nothing about stays out of service until it is asked about again") {
    Pool pool(0);
    pool.upstream.by_default(refusal(503, "busy"));
    ClientRequest import = as_admin("POST", "/admin/api-keys/import-with-validation", "one-key-000001\n");
    import.headers.set("content-type", "text/plain");
    CHECK(has(pool.host.ask(import).body, "\"checked\":1,\"valid\":0,\"unknown\":1,\"refused\":[],\"cursor\":null"));
    CHECK(pool.database.key("one-key-000001").status == "disabled");
    answer_probes(pool, {});
    CHECK(has(pool.host.ask(import).body, "\"added\":0,\"existing\":1"));
    CHECK(pool.database.key("one-key-000001").status == "active");
    pool.settle();
}

TEST_CASE("ten wrong admin tokens in a row make an address wait, also with the right one, and nobody else") {
    Pool pool;
    const auto wrong = [&] { return pool.host.ask(from("203.0.113.7", request_of("GET", "/admin/stats", {}, "wrong"))).status; };
    for (std::uint32_t i = 0; i < limits::kFreeRefusals; ++i) CHECK(wrong() == 401);
    const ClientAnswer& waiting = pool.host.ask(from("203.0.113.7", as_admin("GET", "/admin/stats")));
    CHECK(waiting.status == 429);
    CHECK(waiting.headers.get("retry-after") == "1");
    CHECK(pool.host.ask(from("203.0.113.8", as_admin("GET", "/admin/stats"))).status == 200);
    CHECK(pool.host.ask(from("203.0.113.7", chat())).status == 200);
    pool.settle();
    pool.time.run_until(pool.time.now_ms() + 1'000);
    CHECK(pool.host.ask(from("203.0.113.7", as_admin("GET", "/admin/stats"))).status == 200);
    CHECK(wrong() == 401);
    CHECK(pool.host.ask(from("203.0.113.7", request_of("GET", "/admin/stats", {}, ""))).status == 401);
}

TEST_CASE("every admin route refuses what it cannot take by the name of the field, and nothing of it reaches the provider") {
    Pool pool;
    const std::string long_text(600, 'x'), hash(64, '7');
    struct Case {
        const char* method;
        std::string path, body, param;
    };
    const std::vector<Case> cases = {
        {"GET", "/admin/stats?provider=%00", "", "provider"},
        {"GET", "/admin/api-keys?page=0", "", "page"},
        {"GET", "/admin/api-keys?pageSize=1e3", "", "pageSize"},
        {"GET", "/admin/api-keys?search=%00", "", "search"},
        {"GET", "/admin/api-keys?search=" + long_text, "", "search"},
        {"GET", "/admin/api-keys?status=%0a", "", "status"},
        {"GET", "/admin/keys/stats?sort=%7f", "", "sort"},
        {"GET", "/admin/keys/stats?page=-1", "", "page"},
        {"GET", "/admin/keys/nothing", "", "id"},
        {"GET", "/admin/keys/0123456789abcdef0", "", "id"},
        {"GET", "/admin/keys/%00%00%00%00%00%00%00%00", "", "id"},
        {"GET", "/admin/audit?page=x", "", "page"},
        {"GET", "/admin/audit?pageSize=1001", "", "pageSize"},
        {"GET", "/admin/api-keys/export?format=%27", "", "format"},
        {"POST", "/admin/api-keys", "{\"api_key\":[]}", "api_key"},
        {"POST", "/admin/api-keys", "{\"api_key\":\"k\",\"username\":\"a\\u0085b\"}", "username"},
        {"POST", "/admin/api-keys", "{\"api_key\":\"k\",\"username\":\"" + long_text + "\"}", "username"},
        {"POST", "/admin/api-keys", "{\"api_key\":\"k\",\"ttl\":1e30}", "ttl"},
        {"POST", "/admin/api-keys", "{\"api_key\":\"k\",\"provider\":{}}", "provider"},
        {"POST", "/admin/api-keys/import", "{\"keys\":\"k\"}", "keys"},
        {"POST", "/admin/api-keys/import", "{\"keys\":[],\"provider\":[]}", "provider"},
        {"POST", "/admin/api-keys/import-with-validation", "{}", "keys"},
        {"POST", "/admin/api-keys/import-with-validation", "{\"cursor\":7}", "cursor"},
        {"POST", "/admin/api-keys/import-with-validation?cursor=x", "k", "cursor"},
        {"POST", "/admin/api-keys/import-with-validation", "{\"keys\":[\"k\"],\"cursor\":\"0123456789abcdef\"}", "cursor"},
        {"POST", "/admin/api-keys/import-with-validation?cursor=0123456789abcdef", "{\"keys\":[\"" + long_text + long_text + "\"]}", "cursor"},
        {"POST", "/admin/keys/health-check", "{\"cursor\":\"' or 1=1\"}", "cursor"},
        {"POST", "/admin/keys/health-check", "{\"ids\":\"0123456789abcdef\"}", "ids"},
        {"POST", "/admin/keys/health-check", "{\"ids\":[]}", "ids"},
        {"POST", "/admin/keys/health-check", "{\"ids\":[{}]}", "ids"},
        {"POST", "/admin/keys/enable", "{}", "apiKeys"},
        {"POST", "/admin/keys/enable", "{\"ids\":[7]}", "ids"},
        {"POST", "/admin/keys/enable", "{\"id\":{}}", "id"},
        {"POST", "/admin/keys/enable", "{\"id\":\"k\",\"duration\":\"1\"}", "duration"},
        {"POST", "/admin/keys/disable", "{\"id\":\"k\",\"duration\":-1}", "duration"},
        {"POST", "/admin/keys/disable", "{\"id\":\"k\",\"duration\":\"1\"}", "duration"},
        {"POST", "/admin/keys/disable", "{\"id\":\"k\",\"reason\":[]}", "reason"},
        {"POST", "/admin/keys/disable", "{\"id\":\"k\",\"reason\":\"a\\u0000b\"}", "reason"},
        {"POST", "/admin/keys/disable", "{\"id\":\"a\\u0000b\"}", "id"},
        {"POST", "/admin/verify-key", "{}", "api_key"},
        {"POST", "/admin/verify-key", "{\"api_key\":\"" + long_text + "\"}", "api_key"},
        {"POST", "/admin/explain", "{\"model\":\"" + long_text + "\"}", "model"},
        {"POST", "/admin/explain", "{\"model\":null}", "model"},
        {"DELETE", "/admin/api-keys", "{\"apiKeys\":{}}", "apiKeys"},
        {"DELETE", "/admin/api-keys", "{\"apiKey\":\"\"}", "apiKey"},
        {"DELETE", "/admin/api-keys/%00", "", "id"},
        {"DELETE", "/admin/api-keys/" + long_text, "", "id"},
        {"GET", "/admin/tokens?search=%00", "", "search"},
        {"GET", "/admin/tokens?search=" + long_text, "", "search"},
        {"DELETE", "/admin/tokens", "{}", "token"},
        {"POST", "/admin/tokens", "{\"name\":\"a\\u0085b\"}", "name"},
        {"POST", "/admin/tokens", "{\"name\":\"a\",\"expiresIn\":\"never\"}", "expiresIn"},
        {"PATCH", "/admin/tokens/" + hash, "{\"disabled\":1}", "disabled"},
        {"POST", "/admin/tokens/" + hash + "/rotate", "{\"grace\":-1}", "grace"},
    };
    for (const Case& each : cases) {
        CAPTURE(each.method, each.path, each.body);
        const ClientAnswer& answer = pool.host.ask(as_admin(each.method, each.path, each.body));
        CAPTURE(answer.body);
        CHECK(answer.status == 400);
        CHECK(has(answer.body, "\"param\":\"" + each.param + "\""));
    }
    CHECK(pool.upstream.seen().empty());
    for (const char* path : {"/admin/api-keys", "/admin/keys/enable", "/admin/keys/health-check", "/admin/explain", "/admin/tokens", "/admin/verify-key"}) {
        for (const char* body : {"[", "[]", "7", "\"x\"", "{\"a\":\xff}", "{\"a\":1,}"}) {
            CAPTURE(path, body);
            CHECK(pool.host.ask(as_admin("POST", path, body)).status == 400);
        }
    }
}

TEST_CASE("a path with rows of its own says which methods it takes, not those of its neighbour with a variable part") {
    Pool pool;
    const ClientAnswer& wrong = pool.host.ask(as_admin("GET", "/admin/api-keys/import"));
    CHECK(wrong.status == 405);
    CHECK(wrong.headers.get("allow") == "POST");
    CHECK(pool.host.ask(as_admin("DELETE", "/admin/api-keys/export")).headers.get("allow") == "GET");
    CHECK(pool.host.ask(as_admin("POST", "/admin/keys/stats")).headers.get("allow") == "GET");
    CHECK(pool.host.ask(as_admin("POST", "/admin/keys/0123456789abcdef")).headers.get("allow") == "GET");
}
