// The limits in time of a request as a client meets them: what each of them bounds, what it does not, and that none of them blames a key.
#include "flow/pool_under_test.hpp"

namespace edgepool::test {
namespace {

// An answer in `count` pieces, `between_ms` apart.
Reply dribbled(Reply reply, std::size_t count, double between_ms) {
    const std::string whole = joined(reply.pieces);
    reply.pieces.clear();
    const std::size_t size = whole.size() / count + 1;
    for (std::size_t at = 0; at < whole.size(); at += size) reply.pieces.push_back({between_ms, whole.substr(at, size)});
    return reply;
}

ClientRequest unread_after(double ms, ClientRequest request) {
    request.stops_reading_after_ms = ms;
    return request;
}

void check_no_key_is_blamed(Pool& pool) {
    pool.settle();
    for (int i = 1; i <= 3; ++i) {
        CHECK(pool.database.key(key_name(i)).status == "active");
        CHECK(pool.database.key(key_name(i)).fails == 0);
    }
}

}  // namespace

TEST_CASE("a whole answer that goes on coming is not given up, however long it takes in all") {
    Pool pool(3, configured({{"IDLE_TIMEOUT_MS", "2000"}}));
    pool.warm_up();
    pool.upstream.by_default(dribbled(chat_answer("slow but alive"), 10, 1'500));
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 200);
    CHECK(has(answer.body, "slow but alive"));
    CHECK(pool.upstream.count() == 1);
    check_no_key_is_blamed(pool);
}

TEST_CASE("a whole answer that pauses for longer than the idle time is given up then") {
    Pool pool(3, configured({{"IDLE_TIMEOUT_MS", "2000"}}));
    pool.warm_up();
    pool.upstream.in_order({dribbled(chat_answer(), 3, 2'500)});
    const ClientAnswer& answer = pool.host.ask(chat());
    CHECK(answer.status == 200);
    REQUIRE(pool.upstream.count() == 2);
    CHECK(pool.upstream.seen()[0].was_stopped);
    CHECK(pool.upstream.seen()[1].at_ms - pool.upstream.seen()[0].at_ms < 2'100);
}

TEST_CASE("when the time for the whole request has passed, no other key is bothered and nobody is blamed") {
    const bool is_streamed = GENERATE(false, true);
    Pool pool(3, configured({{"REQUEST_TIMEOUT_MS", "5000"}}));
    pool.warm_up();
    pool.upstream.by_default(GENERATE(silent(), dribbled(chat_answer(), 30, 1'000)));
    for (int i = 0; i < 8; ++i) {
        const ClientAnswer& answer = pool.host.ask(is_streamed ? streamed_chat() : chat());
        CHECK(answer.status == 504);
        CHECK(has(answer.body, "REQUEST_TIMEOUT_MS"));
        CHECK(answer.ended_ms - answer.began_ms < 5'100);
    }
    CHECK(pool.upstream.count() == 8);
    CHECK_FALSE(pool.host.logged("incident_began"));
    check_no_key_is_blamed(pool);
    CHECK(pool.database.totals().failure == 8);
}

TEST_CASE("the time for the whole request ends a stream that is silent, and says whose limit it was") {
    Pool pool(3, configured({{"REQUEST_TIMEOUT_MS", "5000"}}));
    pool.warm_up();
    pool.upstream.by_default(chat_stream().stalled_after(2));
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.ended);
    CHECK(answer.ended_ms - answer.began_ms < 5'100);
    CHECK(has(answer.body, "REQUEST_TIMEOUT_MS"));
    check_no_key_is_blamed(pool);
}

TEST_CASE("comments are no event: the first one has one time, whatever comes before it") {
    Pool pool(3, configured({{"FIRST_BYTE_TIMEOUT_MS", "3000"}}));
    pool.warm_up();
    pool.upstream.in_order({event_stream(std::vector<std::string>(60, ": OPENROUTER PROCESSING\n\n"), kSecondMs)});
    pool.upstream.by_default(chat_stream());
    const ClientAnswer& answer = pool.host.ask(streamed_chat());
    CHECK(answer.body == joined(chat_stream().pieces));
    REQUIRE(pool.upstream.count() == 2);
    CHECK(pool.upstream.seen()[1].at_ms - pool.upstream.seen()[0].at_ms < 3'100);
}

TEST_CASE("a client that stays and does not read is counted when its stream has ended, and let go of in the end") {
    Pool pool;
    pool.warm_up();
    pool.upstream.by_default(chat_stream());
    pool.host.send(unread_after(50, streamed_chat()));
    pool.time.run_for(10 * kSecondMs);
    CHECK(pool.database.totals().success == 2);
    CHECK(pool.database.of_all_keys().success == 2);
    CHECK(pool.host.flows_under_way() == 1);
    pool.settle();
    CHECK(pool.host.flows_under_way() == 0);
    CHECK(pool.database.totals().requests == 2);
}

TEST_CASE("a client that does not take a broken stream's last words, or a filtered stream, is cut off") {
    Pool pool(3, configured({{"STREAM_USAGE", "exact"}}));
    pool.warm_up();
    pool.upstream.by_default(GENERATE(chat_stream(), chat_stream().cut_after(3)));
    const ClientAnswer& answer = pool.host.ask(unread_after(60, GENERATE(streamed_chat(), anthropic_chat())));
    CHECK(answer.broken);
    pool.settle();
    CHECK(pool.host.flows_under_way() == 0);
    CHECK(pool.database.totals().requests == 2);
}

TEST_CASE("a status that no client could be given is a bad gateway") {
    const int status = GENERATE(0, 101, 199, 600, 999);
    Pool pool;
    pool.warm_up();
    pool.upstream.by_default(json_reply(status, "{}"));
    CHECK(pool.host.ask(chat()).status == 502);
}

TEST_CASE("a flow that the host gives up is counted as failed and leaves its key free and blameless") {
    Pool pool(1);
    pool.warm_up();
    pool.upstream.by_default(GENERATE(silent(), chat_stream().stalled_after(2)));
    pool.host.send(streamed_chat());
    pool.time.run_for(kSecondMs);
    pool.host.give_up_flows();
    CHECK(pool.host.app().open_requests.empty());
    pool.upstream.by_default(chat_answer());
    CHECK(pool.host.ask(chat()).status == 200);
    pool.settle();
    CHECK(pool.database.totals().requests == 3);
    CHECK(pool.database.totals().failure == 1);
    CHECK(pool.database.of_all_keys().failure == 1);
    CHECK(pool.database.key(key_name(1)).fails == 0);
}

}  // namespace edgepool::test
