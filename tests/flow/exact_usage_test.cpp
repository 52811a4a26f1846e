// STREAM_USAGE=exact: the pool asks for a stream's usage where the client did not, and the client sees nothing of it.
#include "flow/pool_under_test.hpp"

using namespace edgepool;
using namespace edgepool::test;

namespace {

// The stream as a client that did not ask for usage would have had it.
std::string unasked() {
    const auto pieces = chat_stream().pieces;
    return pieces[0].bytes + pieces[1].bytes + pieces[2].bytes + pieces[4].bytes;
}

struct ExactPool : Pool {
    ExactPool() : Pool(3, configured({{"STREAM_USAGE", "exact"}, {"IDLE_TIMEOUT_MS", "5000"}})) {
        warm_up();
        upstream.by_default(chat_stream());
    }
};

}  // namespace

TEST_CASE("with STREAM_USAGE=exact the upstream is asked for usage, the client's stream is as it would have been, and nothing is estimated") {
    ExactPool pool;
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.status == 200);
    CHECK(answer.ended);
    CHECK(answer.body == unasked());
    CHECK(answer.headers.get("content-type") == "text/event-stream");
    CHECK(has(pool.upstream.seen()[0].body, "{\"stream_options\":{\"include_usage\":true},\"model\""));
    pool.settle();
    CHECK(pool.database.totals().completion == 10);
    CHECK(pool.database.totals().estimated == 0);
}

TEST_CASE("each event reaches the client as soon as it is there") {
    ExactPool pool;
    pool.upstream.by_default(event_stream({chat_stream().pieces[1].bytes, chat_stream().pieces[2].bytes, "data: [DONE]\n\n"}, 3'000));
    const ClientAnswer& answer = pool.host.send(streamed_chat());
    pool.time.run_for(6'500);
    CHECK(answer.body == chat_stream().pieces[1].bytes + chat_stream().pieces[2].bytes);
    CHECK_FALSE(answer.ended);
    pool.settle();
    CHECK(answer.ended);
}

TEST_CASE("a client that asks for usage itself gets all of it") {
    ExactPool pool;
    const std::string body = chat_body("\"stream\":true,\"stream_options\":{\"include_usage\":true},");
    const ClientAnswer& answer = pool.host.ask(request_of("POST", "/v1/chat/completions", body));
    CHECK(answer.body == joined(chat_stream().pieces));
    CHECK(pool.upstream.seen()[0].body == body);
}

TEST_CASE("other dialects, whole answers and providers that always report are left alone") {
    ExactPool pool;
    pool.upstream.by_default(chat_answer());
    pool.host.ask(chat());
    pool.upstream.by_default(anthropic_stream());
    CHECK(pool.host.ask(anthropic_chat()).body == joined(anthropic_stream().pieces));
    pool.upstream.by_default(native_stream());
    CHECK(pool.host.ask(native_chat()).body == joined(native_stream().pieces));
    pool.upstream.by_default(chat_stream());
    pool.host.ask(request_of("POST", "/v1/responses", chat_body("\"stream\":true,")));
    pool.database.add_key("sk-or-key", 0, "openrouter");
    pool.database.add_token(kToken, "openrouter");
    CHECK(pool.host.ask(request_of("POST", "/openrouter/v1/chat/completions", chat_body("\"stream\":true,"))).body == joined(chat_stream().pieces));
    for (const Seen& seen : pool.upstream.seen()) CHECK_FALSE(has(seen.body, "stream_options"));
}

TEST_CASE("a filtered stream that is cut or stalls ends with an error event and counts as failed") {
    const Reply reply = GENERATE(chat_stream().cut_after(2), chat_stream().stalled_after(2));
    ExactPool pool;
    pool.upstream.by_default(reply);
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.ended);
    CHECK(has(answer.body, joined(reply.pieces) + "\n\ndata: {\"error\":{"));
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
    CHECK(pool.upstream.seen()[0].was_stopped == (reply.end == Reply::End::stalled));
}

TEST_CASE("a client that leaves a filtered stream stops the upstream, and what passed is counted as an estimate") {
    ExactPool pool;
    pool.upstream.by_default(event_stream({chat_stream().pieces[1].bytes, chat_stream().pieces[2].bytes, "data: [DONE]\n\n"}, 1'000));
    pool.host.ask(leaving_after(2'500, streamed_chat()));
    pool.settle();
    CHECK(pool.upstream.seen()[0].was_stopped);
    CHECK(pool.database.totals().success == 2);
    CHECK(pool.database.totals().estimated > 0);
}

TEST_CASE("an error in the first event of a filtered stream moves on to another key, unseen") {
    ExactPool pool;
    pool.upstream.in_order({event_stream({"data: {\"error\":{\"code\":502,\"message\":\"no\"}}\n\n"})});
    CHECK(pool.host.ask(streamed_chat()).body == unasked());
    CHECK(pool.upstream.count() == 2);
}

TEST_CASE("by default nobody is asked for usage and the stream passes as it is") {
    Pool pool;
    pool.warm_up();
    pool.upstream.by_default(chat_stream());
    CHECK(pool.host.ask(streamed_chat()).body == joined(chat_stream().pieces));
    CHECK(pool.upstream.seen()[0].body == streamed_chat().body);
}
