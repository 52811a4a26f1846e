// The bounds of limits.hpp that only a whole flow meets, each at the bound and one past it.
#include "base/limits.hpp"
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

// A JSON answer of exactly `size` bytes that reports 7 and 5 tokens.
Reply answer_of(std::size_t size) {
    const std::string end = "\",\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5}}";
    std::string body = "{\"x\":\"";
    body.append(size - body.size() - end.size(), 'x').append(end);
    return json_reply(200, body);
}

const std::string kErrorEvent = "data: {\"error\":{\"code\":502,\"message\":\"Provider returned error\"}}\n\n";

// A stream that says nothing but comments for `size` bytes, then fails.
Reply commenting_stream(std::size_t size) {
    std::string comments;
    while (comments.size() + 9 <= size) comments += ": wait..\n";
    comments.insert(1, std::string(size - comments.size(), '-'));
    return event_stream({comments, kErrorEvent, "data: [DONE]\n\n"});
}

}  // namespace

TEST_CASE("an answer up to the bound is read for its usage, one byte past it the usage is estimated") {
    const std::size_t over = GENERATE(0u, 1u);
    Pool pool(1);
    pool.upstream.by_default(answer_of(limits::kMaxHeldAnswerBytes + over));
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.body == joined(answer_of(limits::kMaxHeldAnswerBytes + over).pieces));
    pool.settle();
    CHECK((pool.database.totals().estimated > 0) == (over == 1));
    if (over == 0) CHECK(pool.database.totals().completion == 5);
}

TEST_CASE("a stream is held back up to the bound, beyond it what came is passed on") {
    const bool is_past = GENERATE(false, true);
    Pool pool(2);
    pool.warm_up();
    pool.upstream.in_order({commenting_stream(limits::kMaxHeldStreamBytes - (is_past ? 0 : 1))});
    pool.upstream.by_default(chat_stream());
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(pool.upstream.count() == (is_past ? 1u : 2u));
    CHECK(has(answer.body, kErrorEvent) == is_past);
}

TEST_CASE("a batch holds rows up to the bound, the rest follows in the next one") {
    Pool pool(1);
    pool.warm_up();
    pool.database.hint_ms = limits::kLongestFlushWindowMs;
    pool.warm();
    const std::size_t before = pool.database.count("pool_record");
    pool.upstream.by_default(chat_answer());
    for (std::size_t i = 0; i < limits::kMaxUsageRows - 1; ++i) {
        pool.host.send(request_of("POST", "/v1/chat/completions", "{\"model\":\"m" + std::to_string(i) + "\"}"));
    }
    pool.settle();
    // That many models, one key and one token: one row too many.
    CHECK(pool.database.count("pool_record") == before + 2);
    CHECK(pool.database.totals().requests == static_cast<long long>(limits::kMaxUsageRows + 1));
    CHECK(pool.database.of_token(kToken).requests == static_cast<long long>(limits::kMaxUsageRows + 1));
}

TEST_CASE("an isolate takes no more keys than its working set holds") {
    Pool pool(0);
    for (std::size_t i = 0; i <= limits::kWorkingSetKeys; ++i) pool.database.add_key(key_name(static_cast<int>(i)));
    pool.warm();
    const app::ProviderState& state = pool.host.app().providers[0];
    CHECK(state.pool.size() == limits::kFirstWorkingSetKeys);  // it begins with a few
    pool.time.run_for(kMinuteMs);
    pool.warm();
    CHECK(state.pool.size() == limits::kWorkingSetKeys);
    const std::size_t takes = pool.database.count("pool_take");
    for (int i = 0; i < 5; ++i) {
        pool.time.run_for(20 * kSecondMs);
        pool.warm();
    }
    CHECK(pool.database.count("pool_take") == takes);
    CHECK(state.usable == static_cast<std::int64_t>(limits::kWorkingSetKeys + 1));
}

TEST_CASE("a log line is cut at its bound") {
    Pool pool(1);
    app::App& app = pool.host.app();
    app.log(false, std::string(limits::kMaxLogLineBytes, 'x'));
    app.log(false, std::string(limits::kMaxLogLineBytes + 1, 'x'));
    REQUIRE(app.log_lines.size() == 2);
    CHECK(app.log_lines[0].text.size() == limits::kMaxLogLineBytes);
    CHECK(app.log_lines[1].text.size() == limits::kMaxLogLineBytes);
}

TEST_CASE("the evidence beside a verdict is short, however long the answer") {
    Pool pool(2);
    pool.warm_up();
    pool.upstream.in_order({refusal(401, std::string(50'000, 'x'))});
    pool.host.ask(chat());
    const std::string key = pool.upstream.seen()[0].key;
    pool.settle();
    CHECK(pool.database.key(key).evidence.size() > 100);
    CHECK(pool.database.key(key).evidence.size() <= limits::kMaxEvidenceBytes);
}
