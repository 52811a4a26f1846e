// MODEL_ALIASES and MODEL_FALLBACKS: which model is asked for what the client named, and under which one it is counted.
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

constexpr std::string_view kOtherKey = "sk-or-key-of-the-other";
const std::string kGone = "model 'gpt-oss:120b' not found";

ClientRequest chat_naming(std::string_view model) {
    return request_of("POST", "/v1/chat/completions", "{ \"model\" : \"" + std::string(model) + "\", \"messages\":[1.0e2] }");
}

// A warm pool with one key of the other provider too.
struct PoolWithFallbacks : Pool {
    explicit PoolWithFallbacks(const char* fallbacks, int keys = 3, const char* attempts = "4")
        : Pool(keys, configured({{"MODEL_FALLBACKS", fallbacks}, {"MAX_ATTEMPTS", attempts}})) {
        database.add_key(kOtherKey, 0, "openrouter");
        warm_up();
    }
};

void require_served_by(const ClientAnswer& answer, std::string_view provider, std::string_view model) {
    CHECK(answer.status == 200);
    CHECK(answer.body == joined(chat_answer().pieces));
    CHECK(answer.headers.get("x-pool-provider") == provider);
    CHECK(answer.headers.get("x-pool-model") == model);
}

}  // namespace

TEST_CASE("an alias is sent under the provider's name, every other byte as the client wrote it, and counted under that name") {
    Pool pool(2, configured({{"MODEL_ALIASES", R"({"fast":"gpt-oss:20b"})"}}));
    const ClientAnswer& answer = pool.host.ask(chat_naming("fast"));
    CHECK(answer.status == 200);
    CHECK_FALSE(answer.headers.has("x-pool-model"));
    CHECK(pool.upstream.seen()[0].body == "{ \"model\" : \"gpt-oss:20b\", \"messages\":[1.0e2] }");
    pool.host.ask(chat_naming("other"));
    CHECK(pool.upstream.seen()[1].body == "{ \"model\" : \"other\", \"messages\":[1.0e2] }");
    pool.settle();
    CHECK(pool.database.of_model("gpt-oss:20b").requests == 1);
    CHECK(pool.database.of_model("fast").requests == 0);
    CHECK(pool.database.totals().requests == 2);
}

TEST_CASE("a model that is gone is answered by its fallback, said in the headers and counted once") {
    PoolWithFallbacks pool(R"({"gpt-oss:120b":["gpt-oss:20b"]})");
    pool.upstream.in_order({refusal(404, kGone)});
    const ClientAnswer& answer = pool.host.ask(chat());
    require_served_by(answer, "ollama", "gpt-oss:20b");
    CHECK(answer.headers.get("x-pool-attempts") == "2");
    REQUIRE(pool.upstream.count() == 2);
    CHECK(has(pool.upstream.seen()[1].body, "\"model\":\"gpt-oss:20b\""));
    CHECK(pool.upstream.seen()[0].was_stopped == false);
    pool.settle();
    CHECK(pool.database.totals().requests == 2);
    CHECK(pool.database.totals().failure == 0);
    CHECK(pool.database.of_model("gpt-oss:20b").success == 1);
    CHECK(pool.database.of_model(kModel).requests == 1);  // that of the warm-up
    CHECK(pool.database.of_token(kToken).requests == 2);
    CHECK(pool.database.of_all_keys().requests == 3);
}

TEST_CASE("without a fallback a model that is gone goes straight back") {
    PoolWithFallbacks pool(R"({"another":["gpt-oss:20b"]})");
    pool.upstream.in_order({refusal(404, kGone)});
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 404);
    CHECK_FALSE(answer.headers.has("x-pool-model"));
    CHECK(pool.upstream.count() == 1);
}

TEST_CASE("a fallback of the other provider is asked with that provider's key and counted there; the token's use stays with the token") {
    PoolWithFallbacks pool(R"({"gpt-oss:120b":["openrouter:openai/gpt-oss-120b"]})");
    pool.upstream.in_order({refusal(404, kGone)});
    const ClientAnswer& answer = pool.host.ask(chat());
    require_served_by(answer, "openrouter", "openai/gpt-oss-120b");
    REQUIRE(pool.upstream.count() == 2);
    CHECK(pool.upstream.seen()[1].url == "https://second.example/api/v1/chat/completions");
    CHECK(pool.upstream.seen()[1].key == kOtherKey);
    pool.settle();
    CHECK(pool.database.totals("ollama").requests == 1);
    CHECK(pool.database.totals("openrouter").requests == 1);
    CHECK(pool.database.totals("openrouter").completion == 5);
    CHECK(pool.database.of_model("openai/gpt-oss-120b", "openrouter").success == 1);
    CHECK(pool.database.key(kOtherKey, "openrouter").figures.success == 1);
    CHECK(pool.database.of_token(kToken).requests == 2);
    CHECK(pool.database.of_token(kToken).completion == 10);
    CHECK(pool.database.of_token(kToken, "openrouter").requests == 0);
}

TEST_CASE("when every key is spent the fallback serves, and later requests go to it at once") {
    PoolWithFallbacks pool(R"({"gpt-oss:120b":["openrouter:vendor/m"]})", 2);
    pool.upstream.in_order({refusal(429, "you have reached your weekly usage limit"), refusal(429, "you have reached your weekly usage limit")});
    const ClientAnswer& answer = pool.host.ask(chat());
    require_served_by(answer, "openrouter", "vendor/m");
    CHECK(answer.headers.get("x-pool-attempts") == "3");
    pool.settle();
    pool.upstream.seen().clear();
    require_served_by(pool.host.ask(chat()), "openrouter", "vendor/m");
    CHECK(pool.upstream.count() == 1);
    pool.settle();
    CHECK(pool.database.totals("ollama").requests == 1);
    CHECK(pool.database.totals("openrouter").requests == 2);
    CHECK(pool.database.of_token(kToken).requests == 3);
}

TEST_CASE("a key that has failed for one model may serve its fallback") {
    PoolWithFallbacks pool(R"({"gpt-oss:120b":["gpt-oss:20b"]})", 1);
    pool.upstream.in_order({refusal(403, "this model requires a subscription")});
    const ClientAnswer& answer = pool.host.ask(chat());
    require_served_by(answer, "ollama", "gpt-oss:20b");
    REQUIRE(pool.upstream.count() == 2);
    CHECK(pool.upstream.seen()[0].key == pool.upstream.seen()[1].key);
}

TEST_CASE("what is the client's own fault asks no fallback") {
    PoolWithFallbacks pool(R"({"gpt-oss:120b":["gpt-oss:20b"]})");
    pool.upstream.in_order({refusal(400, "max_tokens is too large")});
    CHECK(pool.host.ask(chat()).status == 400);
    CHECK(pool.upstream.count() == 1);
}

TEST_CASE("fallbacks are asked in their order, and when none serves, the last answer goes back and is counted where it came from") {
    PoolWithFallbacks pool(R"({"gpt-oss:120b":["second","openrouter:third"],"second":["never"]})", 3, "1");
    pool.upstream.in_order({refusal(500), refusal(404, "model 'second' not found"), refusal(404, "No endpoints found for third.")});
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 404);
    CHECK(has(answer.body, "third"));
    CHECK(answer.headers.get("x-pool-provider") == "openrouter");
    CHECK(answer.headers.get("x-pool-model") == "third");
    CHECK(pool.upstream.count() == 3);
    pool.settle();
    CHECK(pool.database.totals("ollama").requests == 1);
    CHECK(pool.database.of_model("third", "openrouter").failure == 1);
    CHECK(pool.database.of_token(kToken).failure == 1);
}

TEST_CASE("an answer of the first model that goes back after its fallback got none is counted for the first model") {
    PoolWithFallbacks pool(R"({"gpt-oss:120b":["openrouter:third"]})", 1, "1");
    pool.upstream.in_order({refusal(404, kGone), unreachable()});
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 404);
    CHECK_FALSE(answer.headers.has("x-pool-provider"));
    pool.settle();
    CHECK(pool.database.of_model(kModel).failure == 1);
    CHECK(pool.database.totals("openrouter").requests == 0);
    CHECK(pool.database.of_token(kToken).failure == 1);
}

TEST_CASE("a fallback whose provider is switched off, has no tables or no such route is passed over") {
    SECTION("switched off") {
        Pool pool(1, configured({{"MODEL_FALLBACKS", R"({"gpt-oss:120b":["openrouter:x","gpt-oss:20b"]})"}, {"DISABLE_OPENROUTER", "true"}}));
        pool.warm_up();
        pool.upstream.in_order({refusal(404, kGone)});
        require_served_by(pool.host.ask(chat()), "ollama", "gpt-oss:20b");
    }
    SECTION("no tables") {
        PoolWithFallbacks pool(R"({"gpt-oss:120b":["openrouter:x","gpt-oss:20b"]})");
        pool.database.missing_tables = "openrouter";
        pool.upstream.in_order({refusal(404, kGone)});
        require_served_by(pool.host.ask(chat()), "ollama", "gpt-oss:20b");
    }
    SECTION("no such route") {
        PoolWithFallbacks pool(R"({"gpt-oss:120b":["openrouter:x"]})");
        pool.upstream.in_order({json_reply(404, "{\"error\":\"" + kGone + "\"}")});
        CHECK(pool.host.ask(native_chat()).status == 404);
        CHECK(pool.upstream.count() == 1);
    }
}

TEST_CASE("with no key at all for the model or its fallback the client is told of the first shortage") {
    Pool pool(0, configured({{"MODEL_FALLBACKS", R"({"gpt-oss:120b":["openrouter:x"]})"}}));
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 503);
    CHECK(has(answer.body, "no usable key for ollama"));
    pool.settle();
    CHECK(pool.database.totals().requests == 0);
}

TEST_CASE("all models together get as many attempts as their bound, not more") {
    const char* all = R"({"gpt-oss:120b":["a","b","c","d","e"]})";
    Pool pool(12, configured({{"MODEL_FALLBACKS", all}, {"MAX_ATTEMPTS", "10"}}));
    pool.upstream.by_default(refusal(400, "x"));
    pool.host.ask(chat());
    pool.settle();
    pool.upstream.seen().clear();
    pool.upstream.by_default(unreachable());
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 502);
    CHECK(pool.upstream.count() <= limits::kMaxAttemptsInAll);
}

TEST_CASE("a fallback's stream counts what it reported where it came from") {
    PoolWithFallbacks pool(R"({"gpt-oss:120b":["openrouter:vendor/m"]})");
    pool.upstream.in_order({refusal(404, kGone), chat_stream()});
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.body == joined(chat_stream().pieces));
    CHECK(answer.headers.get("x-pool-model") == "vendor/m");
    pool.settle();
    CHECK(pool.database.of_model("vendor/m", "openrouter").completion == 5);
    CHECK(pool.database.of_token(kToken).completion == 10);
}

TEST_CASE("an instance that dies while a fallback is asked counts the request there and for its token, once") {
    PoolWithFallbacks pool(R"({"gpt-oss:120b":["openrouter:vendor/m"]})");
    pool.upstream.in_order({refusal(404, kGone), silent()});
    pool.host.send(chat());
    pool.time.run_for(500);
    const std::string salvage = pool.host.die();
    FakeHost next(pool.time, pool.database, pool.upstream, configured(), "another seed");
    next.adopt(salvage);
    pool.settle();
    CHECK(pool.database.totals("ollama").requests == 1);
    CHECK(pool.database.of_model("vendor/m", "openrouter").failure == 1);
    CHECK(pool.database.of_token(kToken).requests == 2);
    CHECK(pool.database.of_token(kToken).failure == 1);
}
