#include "app/shared_answer.hpp"

#include "base/lease.hpp"
#include "store/pacing.hpp"

namespace edgepool::app {
namespace {

constexpr double kTurnMs = limits::kDatabaseTimeoutMs + 2'000.0;  // a call that gets no answer, and some
constexpr double kLongestWaitMs = 4'000;                          // longer than a database in health takes
constexpr std::uint32_t kLookAgainMs = 25;

}  // namespace

bool is_fresh(const SharedAnswer& answer, double fresh_ms, double now_ms) {
    return answer.at_ms != 0 && now_ms >= answer.at_ms && now_ms - answer.at_ms < fresh_ms;
}

Task<Turn> take_turn(App& app, host::Session& session, SharedAnswer& answer, double fresh_ms) {
    const double began_ms = app.now_ms;
    while (!is_fresh(answer, fresh_ms, app.now_ms)) {
        if (!is_leased(answer.shut_until_ms, app.now_ms, limits::kLongestFailurePauseMs)) {
            prolong_turn(answer, app.now_ms);
            co_return Turn::fetch;
        }
        if (answer.at_ms != 0) break;
        if (answer.failures > 0) co_return Turn::none;
        if (app.now_ms < began_ms || app.now_ms - began_ms >= kLongestWaitMs) {
            answer.error = Error(ErrorCode::storage_unavailable, "the database takes its time over another request; try again", {}, 2);
            co_return Turn::none;
        }
        co_await session.perform(host::Sleep{kLookAgainMs});
    }
    co_return Turn::kept;
}

void prolong_turn(SharedAnswer& answer, double now_ms) { answer.shut_until_ms = now_ms + kTurnMs; }

void keep_answer(SharedAnswer& answer, std::string body, double now_ms) {
    answer.body = std::move(body);
    answer.at_ms = now_ms;
    answer.shut_until_ms = 0;
    answer.failures = 0;
}

void note_failure(App& app, SharedAnswer& answer, Error error, std::uint32_t window_ms) {
    answer.error = std::move(error);
    ++answer.failures;
    answer.shut_until_ms = app.now_ms + store::jittered_ms(store::failure_pause_ms(window_ms, answer.failures), app.random);
}

void give_turn_up(SharedAnswer& answer, std::uint32_t window_ms, double now_ms) {
    answer.error = Error(ErrorCode::client_gone, "the client has left");
    const bool was_gone_before = answer.shut_until_ms - kTurnMs >= now_ms;  // so nothing was asked
    answer.shut_until_ms = was_gone_before ? 0 : now_ms + store::urgent_interval_ms(window_ms);
}

}  // namespace edgepool::app
