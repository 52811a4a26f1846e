// Streamed answers: what passes, what is held back, how a broken one ends, and what is counted.
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

constexpr std::string_view kErrorEvent = "data: {\"error\":{\"code\":502,\"message\":\"Provider returned error\"}}\n\n";

struct DialectCase {
    const char* name;
    ClientRequest request;
    Reply stream;
    const char* tail_begin;
};

std::vector<DialectCase> dialects() {
    return {{"openai", streamed_chat(), chat_stream(), "\n\ndata: {\"error\":{\"message\":"},
            {"anthropic", anthropic_chat(), anthropic_stream(), "\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{"},
            {"ollama", native_chat(), native_stream(), "{\"error\":"}};
}

// What follows the upstream's own bytes.
std::string tail_of(const ClientAnswer& answer, const Reply& stream) {
    const std::string passed = joined(stream.pieces);
    REQUIRE(answer.body.substr(0, passed.size()) == passed);
    return answer.body.substr(passed.size());
}

}  // namespace

TEST_CASE("a stream passes byte for byte in every dialect, and its usage is counted") {
    for (const DialectCase& each : dialects()) {
        CAPTURE(each.name);
        Pool pool;
        pool.warm_up();
        pool.upstream.by_default(each.stream);
        const ClientAnswer& answer = pool.host.ask(each.request);
        CHECK(answer.status == 200);
        CHECK(answer.ended);
        CHECK(answer.body == joined(each.stream.pieces));
        CHECK(answer.headers.get("content-type") == each.stream.headers.get("content-type"));
        pool.settle();
        CHECK(pool.database.totals().success == 2);
        CHECK(pool.database.totals().prompt == 14);
        CHECK(pool.database.totals().completion == 10);
        CHECK(pool.database.of_all_keys().completion == 10);
        CHECK(pool.database.of_token(kToken).completion == 10);
        CHECK(pool.database.totals().estimated == 0);
    }
}

TEST_CASE("the first bytes of a stream reach the client long before the last ones are there") {
    Pool pool;
    pool.warm_up();
    pool.upstream.by_default(event_stream({chat_stream().pieces[1].bytes, chat_stream().pieces[2].bytes, "data: [DONE]\n\n"}, 10'000));
    const ClientAnswer& answer = pool.host.send(streamed_chat());
    pool.time.run_for(15'000);
    CHECK(answer.status == 200);
    CHECK(answer.body == chat_stream().pieces[1].bytes);
    CHECK_FALSE(answer.ended);
    pool.settle();
    CHECK(answer.ended);
}

TEST_CASE("an error in the first event of a stream moves on to another key, unseen") {
    const auto pieces = GENERATE(std::vector<std::string>{std::string(kErrorEvent)},
                                 std::vector<std::string>{": PROCESSING\n\n", ": PROCESSING\n\n", std::string(kErrorEvent), "data: [DONE]\n\n"},
                                 std::vector<std::string>{"data: {\"error\":{\"code\":502,", "\"message\":\"no\"}}\n", "\n"});
    Pool pool;
    pool.warm_up();
    pool.upstream.in_order({event_stream(pieces)});
    pool.upstream.by_default(chat_stream());
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.status == 200);
    CHECK(answer.body == joined(chat_stream().pieces));
    CHECK(pool.upstream.count() == 2);
    pool.settle();
    CHECK(pool.database.totals().success == 2);
    CHECK(pool.database.of_all_keys().failure == 1);
}

TEST_CASE("an error in the first event that blames the key benches it") {
    Pool pool;
    pool.warm_up();
    pool.upstream.in_order({event_stream({"data: {\"error\":{\"code\":429,\"message\":\"you have reached your weekly usage limit\"}}\n\n"})});
    pool.upstream.by_default(chat_stream());
    pool.host.ask(streamed_chat());
    const std::string refused = pool.upstream.seen()[0].key;
    pool.settle();
    CHECK(pool.database.key(refused).reason == "weekly_limit");
}

TEST_CASE("a stream that is refused by every key in its first event goes back as it came") {
    Pool pool(2);
    pool.warm_up();
    const Reply refused = event_stream({std::string(kErrorEvent), "data: [DONE]\n\n"});
    pool.upstream.by_default(refused);
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.status == 200);
    CHECK(answer.ended);
    CHECK(answer.body == joined(refused.pieces));
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
}

TEST_CASE("a first event that names the upstream account is masked and still an event") {
    Pool pool(1);
    pool.warm_up();
    pool.upstream.by_default(event_stream({"data: {\"error\":{\"code\":429,\"message\":\"you (alice) have reached your weekly usage limit\"}}\n\n"}));
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.status == 200);
    CHECK_FALSE(has(answer.body, "alice"));
    CHECK(answer.body == "data: {\"error\":{\"code\":429,\"message\":\"you have reached your weekly usage limit\"}}\n\n");
}

TEST_CASE("a stream that is cut in the middle ends with an error of its dialect and counts as failed") {
    for (const DialectCase& each : dialects()) {
        CAPTURE(each.name);
        Pool pool;
        pool.warm_up();
        const Reply cut = each.stream.cut_after(2);
        pool.upstream.by_default(cut);
        const ClientAnswer& answer = pool.host.ask(each.request);
        CHECK(answer.status == 200);
        CHECK(answer.ended);
        const std::string tail = tail_of(answer, cut);
        CHECK(tail.substr(0, std::string_view(each.tail_begin).size()) == each.tail_begin);
        CHECK(has(tail, "stream was cut"));
        CHECK(pool.upstream.count() == 1);
        pool.settle();
        CHECK(pool.database.totals().requests == 2);
        CHECK(pool.database.totals().failure == 1);
        CHECK(pool.database.of_all_keys().failure == 1);
        CHECK(pool.database.of_token(kToken).failure == 1);
        CHECK(pool.database.totals().prompt > 7);
    }
}

TEST_CASE("a stream that ends without its terminator ends with an error and counts as failed") {
    for (const DialectCase& each : dialects()) {
        CAPTURE(each.name);
        Pool pool;
        pool.warm_up();
        Reply unfinished = each.stream;
        unfinished.pieces.pop_back();
        pool.upstream.by_default(unfinished);
        const ClientAnswer& answer = pool.host.ask(each.request);
        CHECK(answer.ended);
        CHECK(has(tail_of(answer, unfinished), "without its terminator"));
        pool.settle();
        CHECK(pool.database.totals().failure == 1);
    }
}

TEST_CASE("a stream that stops sending is ended with an error after the idle time") {
    Pool pool(3, configured({{"IDLE_TIMEOUT_MS", "3000"}}));
    pool.warm_up();
    const Reply stalled = chat_stream().stalled_after(2);
    pool.upstream.by_default(stalled);
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.ended);
    CHECK(has(tail_of(answer, stalled), "\"code\":\"upstream_timeout\""));
    CHECK(pool.upstream.seen()[0].was_stopped);
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
}

TEST_CASE("a stream is ended when the whole request has taken too long") {
    Pool pool(3, configured({{"REQUEST_TIMEOUT_MS", "20000"}}));
    pool.warm_up();
    pool.upstream.by_default(event_stream(std::vector<std::string>(100, chat_stream().pieces[1].bytes), 1'000));
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.ended);
    CHECK(answer.ended_ms - answer.began_ms < 22'000);
    CHECK(has(answer.body, "\"code\":\"upstream_timeout\""));
    CHECK(pool.upstream.seen()[0].was_stopped);
}

TEST_CASE("a connection that breaks after the stream's terminator breaks nothing") {
    Pool pool;
    pool.warm_up();
    Reply complete = chat_stream();
    complete.end = GENERATE(Reply::End::cut, Reply::End::stalled);
    complete.end_after_ms = 1'000;
    pool.upstream.by_default(complete);
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.ended);
    CHECK(answer.body == joined(complete.pieces));
    pool.settle();
    CHECK(pool.database.totals().success == 2);
    CHECK(pool.database.of_all_keys().failure == 0);
}

TEST_CASE("an error event in the middle passes as it came, without a second one, and counts as failed") {
    Pool pool;
    pool.warm_up();
    const Reply failing = event_stream({chat_stream().pieces[1].bytes, std::string(kErrorEvent), "data: [DONE]\n\n"});
    pool.upstream.by_default(failing);
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.ended);
    CHECK(answer.body == joined(failing.pieces));
    CHECK(pool.upstream.count() == 1);
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
    CHECK(pool.database.of_all_keys().failure == 1);
}

TEST_CASE("a stream without any event moves on to another key") {
    const Reply empty = GENERATE(event_stream({}), event_stream({": only a comment\n\n"}), event_stream({": then cut\n\n", "x"}).cut_after(1));
    Pool pool;
    pool.warm_up();
    pool.upstream.in_order({empty});
    pool.upstream.by_default(chat_stream());
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.body == joined(chat_stream().pieces));
    pool.settle();
    CHECK(pool.database.totals().success == 2);
}

TEST_CASE("a stream whose first event does not come moves on to another key") {
    Pool pool(3, configured({{"FIRST_BYTE_TIMEOUT_MS", "2000"}}));
    pool.warm_up();
    pool.upstream.in_order({chat_stream().stalled_after(0)});
    pool.upstream.by_default(chat_stream());
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.body == joined(chat_stream().pieces));
    CHECK(pool.upstream.seen()[0].was_stopped);
}

TEST_CASE("a client that asked for a stream and is given a whole answer gets it whole") {
    Pool pool;
    pool.warm_up();
    pool.upstream.by_default(chat_answer());
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.body == joined(chat_answer().pieces));
    pool.settle();
    CHECK(pool.database.totals().completion == 10);
}

TEST_CASE("an answer without usage is counted with an estimate, marked as one") {
    Pool pool;
    pool.warm_up();
    Reply silent_about_usage = chat_stream();
    silent_about_usage.pieces.erase(silent_about_usage.pieces.begin() + 3);
    pool.upstream.by_default(silent_about_usage);
    pool.host.ask(streamed_chat());
    pool.settle();
    CHECK(pool.database.totals().estimated > 0);
    CHECK(pool.database.totals().estimated == pool.database.totals().prompt - 7 + pool.database.totals().completion - 5);
}

TEST_CASE("an answer larger than is held passes whole and is counted") {
    Pool pool;
    pool.warm_up();
    const std::string part(1u << 20, 'x');
    Reply large = json_reply(200, "");
    large.pieces = {{0, "{\"data\":\"" + part}, {10, part}, {10, part}, {10, part}, {10, part + "\"}"}};
    pool.upstream.by_default(large);
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 200);
    CHECK(answer.ended);
    CHECK(answer.body == joined(large.pieces));
    pool.settle();
    CHECK(pool.database.totals().success == 2);
    CHECK(pool.database.totals().estimated > 0);
}

TEST_CASE("streams of several clients at once do not mix, and each is counted once") {
    Pool pool(4);
    pool.warm_up();
    std::vector<const ClientAnswer*> answers;
    std::vector<Reply> replies;
    for (int i = 0; i < 12; ++i) {
        replies.push_back(event_stream({"data: {\"choices\":[{\"delta\":{\"content\":\"" + std::to_string(i) + "\"}}]}\n\n", "data: [DONE]\n\n"}, 30 + 7 * i));
    }
    pool.upstream.in_order(replies);
    for (int i = 0; i < 12; ++i) {
        answers.push_back(&pool.host.send(streamed_chat()));
        pool.time.run_for(5);
    }
    pool.settle();
    for (std::size_t i = 0; i < answers.size(); ++i) {
        CHECK(answers[i]->ended);
        CHECK(answers[i]->body == joined(replies[i].pieces));
    }
    CHECK(pool.database.totals().success == 13);
    CHECK(pool.database.of_all_keys().success == 13);
}

TEST_CASE("a client that hangs up before the answer began is counted once, as failed, and blames no key") {
    const auto [request, leaves_ms] = GENERATE(std::pair{chat(), 5.0}, std::pair{streamed_chat(), 5.0}, std::pair{streamed_chat(), 40.0});
    Pool pool;
    pool.warm_up();
    pool.upstream.by_default(chat_stream());
    const ClientAnswer& answer = pool.host.ask(leaving_after(leaves_ms, request));
    CHECK(answer.left);
    CHECK(answer.status == 0);
    CHECK(pool.upstream.count() == 1);
    CHECK(pool.upstream.seen()[0].was_stopped);
    pool.settle();
    CHECK(pool.database.totals().requests == 2);
    CHECK(pool.database.totals().failure == 1);
    const StoredKey key = pool.database.key(pool.upstream.seen()[0].key);
    CHECK(key.status == "active");
    CHECK(key.fails == 0);
    CHECK(pool.database.of_all_keys().requests == 2);
}

TEST_CASE("a client that hangs up in mid-stream is counted once, and the upstream is stopped") {
    for (const DialectCase& each : dialects()) {
        CAPTURE(each.name);
        Pool pool;
        pool.warm_up();
        pool.upstream.by_default(each.stream);
        const ClientAnswer& answer = pool.host.ask(leaving_after(130, each.request));
        CHECK(answer.status == 200);
        CHECK(answer.left);
        CHECK(pool.upstream.seen()[0].was_stopped);
        pool.settle();
        CHECK(pool.database.totals().requests == 2);
        CHECK(pool.database.totals().success == 2);
        CHECK(pool.database.of_all_keys().requests == 2);
        CHECK(pool.database.of_all_keys().failure == 0);
        CHECK(pool.database.totals().prompt > 7);
    }
}

TEST_CASE("a stream that breaks off behind its first report is counted with the text that has passed, as an estimate") {
    std::vector<std::string> pieces = {anthropic_stream().pieces[0].bytes};
    const std::string text(400, 'x');
    for (int i = 0; i < 10; ++i) pieces.push_back("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" + text + "\"}}\n\n");
    Pool pool;
    pool.warm_up();
    const bool leaves = GENERATE(true, false);
    pool.upstream.by_default(leaves ? event_stream(pieces) : event_stream(pieces).cut_after(8));
    pool.host.ask(leaves ? leaving_after(420, anthropic_chat()) : anthropic_chat());
    pool.settle();
    const auto totals = pool.database.totals();
    CHECK(totals.completion >= 5 + 1 + 400);
    CHECK(totals.completion <= 5 + 1 + 1100);
    CHECK(totals.estimated > 0);
    CHECK(totals.prompt == 14);
}

TEST_CASE("a client that hangs up while the second key is asked is counted once, and nothing is left open") {
    Pool pool;
    pool.warm_up();
    Reply large = refusal(500, std::string(100'000, 'x'));
    large.pieces = {{0, large.pieces[0].bytes.substr(0, 70'000)}, {kHourMs, large.pieces[0].bytes.substr(70'000)}};
    pool.upstream.in_order({large, silent()});
    const ClientAnswer& answer = pool.host.ask(leaving_after(1'000, chat()));
    CHECK(answer.left);
    CHECK(pool.upstream.count() == 2);
    CHECK(pool.upstream.seen()[0].was_stopped);
    CHECK(pool.upstream.seen()[1].was_stopped);
    pool.settle();
    CHECK(pool.database.totals().requests == 2);
    CHECK(pool.database.of_all_keys().requests == 3);
}

TEST_CASE("a client that hangs up while it sends its body reaches no key and is not counted") {
    Pool pool;
    pool.warm_up();
    ClientRequest request = leaving_after(100, chat());
    request.body_ms = 5'000;
    const ClientAnswer& answer = pool.host.ask(request);
    CHECK(answer.left);
    CHECK(pool.upstream.count() == 0);
    pool.settle();
    CHECK(pool.database.totals().requests == 1);
}

TEST_CASE("a broken stream of the Responses API ends with that API's own event, numbered like the next") {
    const Reply stream = event_stream({"event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{}}\n\n",
                                       "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"delta\":\"one\"}\n\n"});
    Pool pool;
    pool.warm_up();
    pool.upstream.by_default(stream);
    const ClientAnswer& answer = pool.host.ask(request_of("POST", "/v1/responses", chat_body("\"stream\":true,")));
    CHECK(answer.ended);
    const std::string tail = tail_of(answer, stream);
    CHECK(has(tail, "event: error\ndata: {\"type\":\"error\",\"code\":\"upstream_broken\","));
    CHECK(has(tail, "\"sequence_number\":2}\n\n"));
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
}

TEST_CASE("what had passed unseen when the client left is in the estimate") {
    Pool pool;
    pool.warm_up();
    // Two looks fall behind the second piece; the client leaves right after the third has come.
    pool.upstream.by_default(event_stream({chat_stream().pieces[1].bytes, chat_stream().pieces[2].bytes, chat_stream().pieces[2].bytes, "data: [DONE]\n\n"}, 1'000));
    const std::string body = streamed_chat().body;
    pool.host.ask(leaving_after(3'021 + 20, streamed_chat()));
    pool.settle();
    const auto tokens = [](std::size_t bytes) { return static_cast<long long>((bytes + 3) / 4); };
    CHECK(pool.database.totals().estimated == tokens(body.size()) + tokens(std::string_view("one two two").size()));
}
