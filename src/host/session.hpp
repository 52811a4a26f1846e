// One flow's side of the conversation with the host: the flow awaits an operation, the host takes it and resumes with an outcome.
// A session serves one flow at a time and lives as long as it.
//
// Invariants
// 1. At most one operation is pending; it is taken once.
// 2. An outcome that comes when nothing is awaited is ignored, and a flow begins once however often it is told to.
#pragma once

#include <coroutine>
#include <utility>

#include "coro/task.hpp"
#include "host/operation.hpp"

namespace edgepool::host {

class Session {
public:
    struct Awaiter {
        Session& session;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting) const noexcept { session.waiting_ = waiting; }
        Outcome await_resume() const;
    };

    // co_await session.perform(op): suspends until the host has performed `op`.
    Awaiter perform(Operation op);

    // Takes the flow over; it runs when begin() is called.
    void prepare(Task<void> flow);

    // Runs the flow until it awaits its first operation or ends.
    void begin();

    void resume(Outcome outcome);

    bool done() const { return flow_.done(); }

    // Valid until the session is resumed.
    const Operation& pending() const { return pending_; }

private:
    Trampoline trampoline_;
    Operation pending_;
    Outcome outcome_;
    std::coroutine_handle<> waiting_;
    Task<void> flow_;
    bool has_begun_ = false;
};

}  // namespace edgepool::host
