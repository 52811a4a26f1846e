// The one object that owns everything of a Wasm instance: the app, and the flows that wait for the host.
//
// The host writes bytes into the buffer that reserve() gives, then makes the call that takes them. Every call returns the record of the
// task's pending operation, valid until the next call.
//
// Invariants
// 1. A task number is never used twice; an outcome for a task that has ended is ignored.
// 2. A flow of which nothing has been heard for longer than any operation may take is given up: the host has forgotten it.
// 3. Lengths, tasks, statuses and times that the host gives are checked; it never writes outside of what reserve() gave.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/app.hpp"
#include "host/session.hpp"
#include "worker/record.hpp"

namespace edgepool::worker {

class Instance {
public:
    // The most that may come in at once: the largest body, and some.
    static constexpr std::size_t kMaxIncomingBytes = limits::kHighestMaxBodyBytes + (1u << 20);

    // A buffer of `size` bytes for the next call; nullptr when there is no room for it.
    char* reserve(std::size_t size);

    // Incoming: 32 bytes of seed, then the variables' wire. Must be the first call, and the only one of its kind.
    const Record& create(double now_ms);

    // Incoming: a request's wire. Begins its flow.
    const Record& start(double now_ms);

    // Begins the daily housekeeping.
    const Record& scheduled(double now_ms);

    // Begins a task that a record named as spawned.
    const Record& begin(std::uint32_t task, double now_ms);

    // Incoming: the outcome's data.
    const Record& resume(std::uint32_t task, double now_ms, std::uint32_t status, std::uint32_t number, std::uint32_t handle);

    // Destroys a flow whose outcome will never come.
    void cancel(std::uint32_t task);

    // Unsent counts of a dying instance, in the record's first text; incoming of the successor's adopt().
    const Record& salvage(double now_ms);
    const Record& adopt(double now_ms);

    std::vector<app::LogLine> take_log_lines();

private:
    struct Entry {
        std::unique_ptr<host::Session> session;
        double heard_ms = 0;
    };

    void at(double now_ms);
    void give_up_forgotten();
    std::uint32_t add_task(std::unique_ptr<host::Session> session);
    const Record& begin_new(std::unique_ptr<host::Session> session);
    const Record& report(std::uint32_t task);

    std::optional<app::App> app_;
    std::map<std::uint32_t, Entry> tasks_;
    std::uint32_t next_task_ = 1;
    std::uint32_t examined_ = 0;  // the last task that give_up_forgotten() looked at
    std::string incoming_;
    host::Operation salvaged_;  // what the record of salvage() points into
    Record record_;
};

}  // namespace edgepool::worker
