#include "host/session.hpp"

namespace edgepool::host {

Outcome Session::Awaiter::await_resume() const { return std::move(session.outcome_); }

Session::Awaiter Session::perform(Operation op) {
    pending_ = std::move(op);
    return Awaiter{*this};
}

void Session::prepare(Task<void> flow) { flow_ = std::move(flow); }

void Session::begin() {
    if (std::exchange(has_begun_, true)) return;
    flow_.start(trampoline_);
    trampoline_.run();
}

void Session::resume(Outcome outcome) {
    if (!waiting_) return;
    outcome_ = std::move(outcome);
    pending_ = std::monostate{};
    trampoline_.schedule(std::exchange(waiting_, {}));
    trampoline_.run();
}

}  // namespace edgepool::host
