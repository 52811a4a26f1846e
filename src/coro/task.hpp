// Task<T>: a lazy coroutine that yields one value to whoever awaits it.
//
// No symmetric transfer: Wasm without tail calls overflows its stack at some 10,000 immediate awaits. A task that starts or ends hands
// the next coroutine to its Trampoline instead, and run() resumes one after the other in a flat loop.
//
// Invariants
// 1. A task belongs to one Trampoline, inherited from the task that awaits it; nothing here is global.
// 2. Destroying a task destroys its frame and, with it, the tasks it awaits: that is how a flow is cancelled.
// 3. A task is awaited once, as an rvalue.
#pragma once

#include <coroutine>
#include <cstdlib>
#include <optional>
#include <utility>

namespace edgepool {

class Trampoline {
public:
    void schedule(std::coroutine_handle<> next) { next_ = next; }

    // Runs until every coroutine of this trampoline waits for something outside.
    void run() {
        while (next_) std::exchange(next_, {}).resume();
    }

private:
    std::coroutine_handle<> next_;
};

struct PromiseBase {
    Trampoline* trampoline = nullptr;
    std::coroutine_handle<> continuation;

    struct HandOver {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
            PromiseBase& promise = finished.promise();
            if (promise.continuation) promise.trampoline->schedule(promise.continuation);
        }
        void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() const noexcept { return {}; }
    HandOver final_suspend() const noexcept { return {}; }
    [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }
};

template <class T>
struct ValuePromise : PromiseBase {
    std::optional<T> value;
    void return_value(T result) { value.emplace(std::move(result)); }
    T take() { return std::move(*value); }
};

template <>
struct ValuePromise<void> : PromiseBase {
    void return_void() const noexcept {}
    void take() const noexcept {}
};

template <class T = void>
class [[nodiscard]] Task {
public:
    struct promise_type : ValuePromise<T> {
        Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    };

    Task() = default;
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            reset();
            handle_ = std::exchange(other.handle_, {});
        }
        return *this;
    }
    ~Task() { reset(); }

    // Begins a task that nobody awaits; the caller runs the trampoline and keeps the task alive.
    void start(Trampoline& trampoline) {
        handle_.promise().trampoline = &trampoline;
        trampoline.schedule(handle_);
    }
    bool done() const { return !handle_ || handle_.done(); }

    struct Awaiter {
        std::coroutine_handle<promise_type> child;

        bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> parent) const noexcept {
            PromiseBase& promise = child.promise();
            promise.trampoline = parent.promise().trampoline;
            promise.continuation = parent;
            promise.trampoline->schedule(child);
        }
        T await_resume() const { return child.promise().take(); }
    };
    Awaiter operator co_await() && noexcept { return Awaiter{handle_}; }

private:
    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    void reset() {
        if (handle_) std::exchange(handle_, {}).destroy();
    }

    std::coroutine_handle<promise_type> handle_;
};

}  // namespace edgepool
