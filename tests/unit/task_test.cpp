#include "coro/task.hpp"

#include "host/session.hpp"
#include "support/catch.hpp"

using edgepool::Task;
using edgepool::Trampoline;

namespace {

Task<int> one() { co_return 1; }

Task<void> count_to(int n, int& sum) {
    for (int i = 0; i < n; ++i) {
        const int value = co_await one();
        sum += value;
    }
}

struct Guard {
    int& destroyed;
    ~Guard() { ++destroyed; }
};

Task<void> sleep_with_guard(edgepool::host::Session& session, int& destroyed) {
    const Guard guard{destroyed};
    co_await session.perform(edgepool::host::Sleep{5});
}

Task<void> outer(edgepool::host::Session& session, int& destroyed) {
    const Guard guard{destroyed};
    co_await sleep_with_guard(session, destroyed);
}

Task<void> echo(edgepool::host::Session& session, std::string& seen) {
    const edgepool::host::Outcome outcome = co_await session.perform(edgepool::host::RandomBytes{4});
    seen = outcome.data;
}

}  // namespace

TEST_CASE("a million immediate awaits need no deeper stack than one") {
    Trampoline trampoline;
    int sum = 0;
    Task<void> task = count_to(1'000'000, sum);
    task.start(trampoline);
    trampoline.run();
    CHECK(task.done());
    CHECK(sum == 1'000'000);
}

TEST_CASE("destroying a suspended flow destroys the tasks it awaits") {
    int destroyed = 0;
    {
        edgepool::host::Session session;
        session.prepare(outer(session, destroyed));
        session.begin();
        CHECK_FALSE(session.done());
        CHECK(destroyed == 0);
    }
    CHECK(destroyed == 2);
}

TEST_CASE("a flow resumes with the outcome, and a late outcome is ignored") {
    edgepool::host::Session session;
    std::string seen;
    session.prepare(echo(session, seen));
    session.begin();
    REQUIRE(std::holds_alternative<edgepool::host::RandomBytes>(session.pending()));
    session.resume({edgepool::host::Status::ok, 0, 0, "abcd"});
    CHECK(session.done());
    CHECK(seen == "abcd");
    session.resume({edgepool::host::Status::ok, 0, 0, "late"});
    CHECK(seen == "abcd");
}
