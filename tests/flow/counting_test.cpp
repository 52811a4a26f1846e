// Counts and verdicts on their way to the database: each arrives exactly once, whatever happens in between.
#include <set>

#include "base/limits.hpp"
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

using Trouble = FakeDatabase::Trouble;

void trouble_records(Pool& pool, Trouble trouble) {
    pool.database.trouble = trouble;
    pool.database.troubled_function = "pool_record";
}

std::string batch_of(const DatabaseCall& call) {
    const std::size_t at = call.body.find("\"batch\":\"");
    return at == std::string::npos ? "" : call.body.substr(at + 9, 32);
}

std::vector<DatabaseCall> records(const Pool& pool) {
    std::vector<DatabaseCall> out;
    for (const DatabaseCall& call : pool.database.calls()) {
        if (call.function == "pool_record") out.push_back(call);
    }
    return out;
}

void ask_times(Pool& pool, int times) {
    for (int i = 0; i < times; ++i) CHECK(pool.host.ask(chat()).status == 200);
}

}  // namespace

TEST_CASE("mixed requests at once with a third of the keys failing are counted exactly") {
    Pool pool(12);
    for (int i = 1; i <= 4; ++i) pool.upstream.for_key(key_name(i), i % 2 == 0 ? refusal(401) : refusal(429).with("retry-after", "3"));
    pool.database.add_token("second-token");
    pool.warm();
    const auto attempts_before = static_cast<long long>(pool.upstream.count());
    pool.upstream.seen().clear();
    std::size_t asked = 0, good = 0;
    std::vector<const ClientAnswer*> answers;
    while (asked < 500) {
        for (int i = 0; i < 32 && asked < 500; ++i, ++asked) {
            ClientRequest request = asked % 3 == 0 ? streamed_chat() : chat();
            if (asked % 5 == 0) request.headers.set("authorization", "Bearer second-token");
            if (asked % 41 == 7) request.leaves_after_ms = 5;
            pool.upstream.by_default(asked % 3 == 0 ? chat_stream() : chat_answer());
            answers.push_back(&pool.host.send(request));
            pool.time.run_for(1);
        }
        pool.time.run_for(asked % 64 == 0 ? 4'000 : 300);
    }
    pool.settle();
    for (const ClientAnswer* answer : answers) good += answer->status == 200 ? 1 : 0;
    const Figures totals = pool.database.totals();
    CHECK(totals.requests == 501);
    CHECK(totals.success == static_cast<long long>(good + 1));
    CHECK(totals.failure == static_cast<long long>(500 - good));
    CHECK(pool.database.of_model(kModel).requests == 501);
    CHECK(pool.database.of_token("second-token").requests == 100);
    CHECK(pool.database.of_token(kToken).requests == 401);
    CHECK(pool.database.of_all_keys().requests == static_cast<long long>(pool.upstream.count()) + attempts_before);
    CHECK(pool.database.of_all_keys().success == totals.success);
    CHECK(pool.database.batches_applied() < 60);
}

TEST_CASE("the requests of one window share one call after their answers") {
    Pool pool;
    pool.warm();
    const std::size_t before = pool.database.count("pool_record");
    ask_times(pool, 20);
    pool.settle();
    CHECK(pool.database.count("pool_record") == before + 1);
    CHECK(pool.database.totals().requests == 21);
}

TEST_CASE("counts leave within the window, and the window follows what the database asks for") {
    Pool pool;
    pool.warm();
    const double counted_ms = pool.host.ask(chat()).ended_ms;
    pool.time.run_until(counted_ms + limits::kFlushWindowMs + 1);
    CHECK(pool.database.totals().requests == 2);

    pool.database.hint_ms = 10'000;
    pool.warm();
    const double later_ms = pool.host.ask(chat()).ended_ms;
    pool.time.run_until(later_ms + 7'000);
    CHECK(pool.database.totals().requests == 3);
    pool.time.run_until(later_ms + 10'001);
    CHECK(pool.database.totals().requests == 4);

    pool.database.hint_ms = 3'600'000;
    pool.warm();
    const double last_ms = pool.host.ask(chat()).ended_ms;
    pool.time.run_until(last_ms + limits::kLongestFlushWindowMs + 1);
    CHECK(pool.database.totals().requests == 6);
}

TEST_CASE("counts survive an outage of the database and arrive exactly once") {
    const Trouble trouble = GENERATE(Trouble::down, Trouble::overloaded, Trouble::garbage, Trouble::wrong_shape, Trouble::slow, Trouble::loses_answers,
                                     Trouble::no_functions, Trouble::refuses_key);
    CAPTURE(static_cast<int>(trouble));
    Pool pool;
    pool.warm();
    trouble_records(pool, trouble);
    ask_times(pool, 5);
    pool.time.run_for(3 * kMinuteMs);
    ask_times(pool, 5);
    pool.settle();
    CHECK(pool.host.logged("flush_failed"));
    pool.database.trouble = Trouble::none;
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.database.totals().requests == 12);
    CHECK(pool.database.totals().success == 12);
    CHECK(pool.database.of_token(kToken).requests == 12);
    CHECK(pool.database.of_all_keys().requests == 12);
}

TEST_CASE("a batch whose acknowledgement was lost is sent again under the same id and counts once") {
    Pool pool;
    pool.warm();
    trouble_records(pool, Trouble::loses_answers);
    ask_times(pool, 1);
    pool.time.run_for(1'100);
    CHECK(pool.database.totals().requests == 2);
    pool.database.trouble = Trouble::none;
    pool.settle();
    const auto calls = records(pool);
    REQUIRE(calls.size() == 3);
    CHECK(batch_of(calls[1]) == batch_of(calls[2]));
    CHECK(batch_of(calls[0]) != batch_of(calls[1]));
    CHECK(calls[1].body == calls[2].body);
    CHECK(pool.database.totals().requests == 2);
    CHECK(pool.database.batches_applied() == 2);
}

TEST_CASE("a batch that the database refuses for good is dropped and reported, and those after it arrive") {
    Pool pool;
    pool.warm();
    trouble_records(pool, Trouble::refuses_batches);
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.host.logged("batch_refused"));
    pool.database.trouble = Trouble::none;
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.database.totals().requests == 2);
}

TEST_CASE("the database is not hammered while it is down") {
    Pool pool;
    pool.warm();
    const std::size_t before = pool.database.count("pool_record");
    trouble_records(pool, Trouble::down);
    for (int i = 0; i < 600; ++i) {
        pool.host.ask(chat());
        pool.time.run_for(80);
    }
    const double seconds = 600 * 0.1;
    CHECK(static_cast<double>(pool.database.count("pool_record") - before) < 2 * seconds);
    pool.database.trouble = Trouble::none;
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.database.totals().requests == 602);
}

TEST_CASE("a verdict that benches a key goes to the database at once") {
    Pool pool;
    pool.warm_up();
    pool.upstream.in_order({refusal(401)});
    const ClientAnswer& answer = pool.host.ask(chat());
    pool.time.run_until(answer.ended_ms + 50);
    const StoredKey key = pool.database.key(pool.upstream.seen()[0].key);
    CHECK(key.status == "failed");
    CHECK(key.reason == "key_refused");
    CHECK(key.refusals == 1);
    CHECK(has(key.evidence, "401"));
    CHECK_FALSE(has(key.evidence, pool.upstream.seen()[0].key));
}

TEST_CASE("many benches within a second do not make as many calls") {
    Pool pool(30, configured({{"MAX_ATTEMPTS", "10"}}));
    pool.warm();
    const std::size_t before = pool.database.count("pool_record");
    pool.upstream.in_order(std::vector<Reply>(6, refusal(402)));
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.database.count("pool_record") - before <= 4);
    CHECK(pool.database.totals().requests == 2);
    CHECK(pool.database.of_all_keys().failure == 6);
}

TEST_CASE("a flush that died with its request is taken over by a later request") {
    Pool pool;
    pool.warm();
    ask_times(pool, 1);
    pool.host.kill_background_flows();
    pool.time.run_for(2'000);
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.database.totals().requests == 1);
    pool.time.run_for(30'000);
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.database.totals().requests == 4);
}

TEST_CASE("a flush that died while it was sending is taken over within half a minute, and counts once") {
    const bool was_applied = GENERATE(false, true);
    CAPTURE(was_applied);
    Pool pool;
    pool.warm();
    trouble_records(pool, was_applied ? Trouble::slow : Trouble::down);
    ask_times(pool, 1);
    pool.time.run_for(1'005);
    pool.host.kill_background_flows();
    pool.database.trouble = Trouble::none;
    pool.time.run_for(30'000);
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.database.totals().requests == 3);
    CHECK(pool.database.of_token(kToken).requests == 3);
}

TEST_CASE("no flow that flushes lasts longer than the platform lets it, whatever the database does and however long its window is") {
    const Trouble trouble = GENERATE(Trouble::none, Trouble::down, Trouble::slow, Trouble::overloaded, Trouble::loses_answers);
    const std::uint32_t window_ms = GENERATE(1'000u, 4'000u, 13'000u, limits::kLongestFlushWindowMs);
    CAPTURE(static_cast<int>(trouble), window_ms);
    Pool pool(60);
    pool.database.hint_ms = window_ms;
    pool.warm();
    trouble_records(pool, trouble);
    for (int i = 0; i < 120; ++i) {
        pool.host.send(i % 10 == 3 ? request_of("POST", "/v1/chat/completions", "{") : chat());
        if (i % 7 == 0) pool.upstream.in_order({refusal(402)});
        pool.time.run_for(1'000 + 10 * i);
    }
    pool.settle();
    CHECK(pool.host.longest_background_ms <= limits::kLongestFlushFlowMs);
    CHECK(pool.host.longest_background_ms >= 0.8 * window_ms);
    trouble_records(pool, Trouble::none);
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.database.totals().requests == 1 + 120 - 12 + 1);
}

TEST_CASE("the last request that an isolate sees is counted within its own flow, whenever it comes") {
    const std::uint32_t window_ms = GENERATE(1'000u, 13'000u, limits::kLongestFlushWindowMs);
    const double after_ms = GENERATE(0.0, 2.0, 100.0, 5'000.0, 12'995.0, 19'990.0, 20'005.0);
    CAPTURE(window_ms, after_ms);
    Pool pool;
    pool.database.hint_ms = window_ms;
    pool.warm();
    ask_times(pool, 1);
    pool.time.run_for(after_ms);
    ask_times(pool, 1);
    pool.time.run_for(limits::kLongestFlushWindowMs + 100);
    CHECK(pool.host.flows_under_way() == 0);
    CHECK(pool.database.totals().requests == 3);
}

TEST_CASE("a request that is counted while a batch is under way goes with a flow of its own") {
    const std::uint32_t window_ms = GENERATE(1'000u, limits::kLongestFlushWindowMs);
    CAPTURE(window_ms);
    Pool pool;
    pool.database.hint_ms = window_ms;
    pool.warm();
    const std::size_t before = pool.database.count("pool_record");
    ask_times(pool, 1);
    while (pool.database.count("pool_record") == before && pool.time.step()) {
    }
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.database.count("pool_record") == before + 2);
    CHECK(pool.database.totals().requests == 3);
    CHECK(pool.host.longest_background_ms <= limits::kLongestFlushFlowMs);
}

TEST_CASE("counts that a flow had to leave go with the next request's") {
    Pool pool;
    pool.database.hint_ms = limits::kLongestFlushWindowMs;
    pool.warm();
    trouble_records(pool, Trouble::slow);
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.host.longest_background_ms <= limits::kLongestFlushFlowMs);
    trouble_records(pool, Trouble::none);
    const std::size_t before = pool.database.count("pool_record");
    pool.time.run_for(kMinuteMs);
    CHECK(pool.database.count("pool_record") == before);
    ask_times(pool, 1);
    pool.settle();
    CHECK(pool.database.count("pool_record") == before + 2);
    CHECK(pool.database.totals().requests == 3);
}

TEST_CASE("what is counted in a busy isolate while figures are fetched does not keep the flush going") {
    Pool pool;
    pool.warm();
    const std::size_t before = pool.database.count("pool_record");
    ask_times(pool, 1);
    pool.host.send(as_admin("GET", "/admin/stats"));
    for (int i = 0; i < 300; ++i) {
        pool.host.send(chat());
        pool.time.run_for(1);
    }
    CHECK(pool.database.count("pool_record") == before + 1);
    pool.settle();
    CHECK(pool.database.totals().requests == 302);
}

TEST_CASE("an instance that dies leaves its counts to the next one, open requests once each") {
    Pool pool;
    pool.warm_up();
    ask_times(pool, 2);
    pool.upstream.in_order({chat_stream(), silent()});
    const ClientAnswer& streaming = pool.host.send(streamed_chat());
    pool.time.run_for(100);
    REQUIRE(streaming.status == 200);
    pool.host.send(chat());
    pool.time.run_for(10);
    const std::string salvage = pool.host.die();
    CHECK_FALSE(salvage.empty());

    FakeHost successor(pool.time, pool.database, pool.upstream, configured(), "another seed");
    successor.adopt(salvage);
    pool.time.run();
    const Figures totals = pool.database.totals();
    CHECK(totals.requests == 5);
    CHECK(totals.success == 4);
    CHECK(totals.failure == 1);
    CHECK(pool.database.of_all_keys().requests == 5);
    CHECK(pool.database.of_token(kToken).requests == 5);
}

TEST_CASE("a batch that was under way when its instance died counts once") {
    const Trouble trouble = GENERATE(Trouble::none, Trouble::down);
    Pool pool;
    pool.warm();
    ask_times(pool, 3);
    trouble_records(pool, trouble);
    while (pool.database.count("pool_record") < 2 && pool.time.step()) {
    }
    const std::string salvage = pool.host.die();
    pool.database.trouble = Trouble::none;
    FakeHost successor(pool.time, pool.database, pool.upstream, configured(), "another seed");
    successor.adopt(salvage);
    pool.time.run();
    CHECK(pool.database.totals().requests == 4);
}

TEST_CASE("what a dying instance leaves behind is taken as it is, however broken") {
    Pool pool;
    using namespace std::string_view_literals;
    const auto salvage = GENERATE(""sv, "\0"sv, "ollama\0"sv, "ollama\0id\0"sv, "nobody\0id\0{}\0"sv, "\0\0\0\0\0\0"sv, "ollama"sv);
    pool.host.adopt(salvage);
    pool.settle();
    CHECK(pool.database.totals().requests == 0);
    pool.warm();
    CHECK(pool.database.totals().requests == 1);
}

TEST_CASE("requests that reach no key are not in the figures") {
    Pool pool;
    pool.warm();
    CHECK(pool.host.ask(request_of("POST", "/v1/chat/completions", "{")).status == 400);
    CHECK(pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), "wrong")).status == 401);
    CHECK(pool.host.ask(request_of("GET", "/v1/models")).status == 200);
    CHECK(pool.host.ask(request_of("GET", "/api/tags")).status == 200);
    pool.settle();
    CHECK(pool.database.totals().requests == 1);
    CHECK(pool.database.of_all_keys().requests == 1);
}

TEST_CASE("requests of two hours are counted in their own hours") {
    Pool pool;
    pool.warm();
    pool.time.run_for(kHourMs);
    ask_times(pool, 1);
    pool.settle();
    const auto calls = records(pool);
    REQUIRE(calls.size() == 2);
    CHECK(has(calls[0].body, "\"hour_ms\":1800000000000"));
    CHECK(has(calls[1].body, "\"hour_ms\":1800003600000"));
}

TEST_CASE("the daily housekeeping sends what is unsent and prunes each provider that is on") {
    Pool pool(1, configured({{"DISABLE_OPENROUTER", "true"}, {"RETENTION_DAYS", "9"}}));
    pool.host.ask(chat());
    pool.host.begin_housekeeping();
    pool.time.run_for(5'000);
    CHECK(pool.database.totals().requests == 1);
    CHECK(pool.database.count("pool_prune") == 1);
    for (const DatabaseCall& call : pool.database.calls()) {
        CAPTURE(call.function, call.body);
        if (call.function == "pool_prune") CHECK(has(call.body, "\"days\":9"));
    }
    CHECK(pool.host.logged("\"event\":\"pruned\""));
}
