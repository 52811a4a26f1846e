// The run of one seed: events in virtual time, isolates, traffic and mishaps (simulation.cpp), and what becomes of each request
// (simulated_requests.cpp).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "sim/isolate.hpp"
#include "sim/model_database.hpp"
#include "sim/simulation.hpp"
#include "sim/world.hpp"

namespace edgepool::sim {

using keys::KeyPool;
using keys::VerdictRecord;
using State = keys::VerdictRecord::State;

inline constexpr double kStartMs = 1'795'435'200'000.0;
inline constexpr double kLargestStepMs = kHourMs;  // by which clocks are set wrong

struct Request {
    std::uint64_t number = 0;
    std::string model;
    std::string client;
    std::vector<std::string> tried;
    bool has_reloaded = false;
    bool has_attempted = false;
    int answers = 0;
};

struct Attempt {
    std::shared_ptr<Isolate> isolate;
    std::shared_ptr<Request> request;
    KeyPool::Ticket ticket;
    Reply reply;
    double latency_ms = 0;
};

class Simulation {
public:
    Simulation(std::uint64_t seed, double span_ms, Plant plant);
    Report run();

private:
    struct Event {
        double at_ms;
        std::uint64_t order;
        std::function<void()> act;
    };
    struct Later {
        bool operator()(const Event& a, const Event& b) const { return a.at_ms != b.at_ms ? a.at_ms > b.at_ms : a.order > b.order; }
    };

    void after(double delay_ms, std::function<void()> act) { events_.push({now_ms_ + delay_ms, next_order_++, std::move(act)}); }
    void drain();
    void violate(const std::string& what);
    double database_delay() { return 20 + 200 * random_.unit(); }
    bool database_is_down() { return !is_peace_ && random_.below(40) == 0; }

    void schedule_traffic();
    void burst(double gap_ms, int left);
    void schedule_mishaps();
    std::shared_ptr<Isolate> new_isolate();
    void begin_request(const std::shared_ptr<Isolate>& isolate);
    void load(const std::shared_ptr<Isolate>& isolate, std::function<void()> then);
    void refresh(const std::shared_ptr<Isolate>& isolate);
    void attempt(const std::shared_ptr<Isolate>& isolate, const std::shared_ptr<Request>& request);
    void give_up(const std::shared_ptr<Isolate>& isolate, const std::shared_ptr<Request>& request);
    void check_ticket(Isolate& isolate, const Request& request, const KeyPool::Ticket& ticket);
    void complete(const std::shared_ptr<Attempt>& attempt);
    void seek_second_opinion(const std::shared_ptr<Isolate>& isolate, keys::Suspect suspect);
    void take_records(const std::shared_ptr<Isolate>& isolate, std::vector<VerdictRecord> records);
    void check_records(const Attempt& attempt, const std::vector<VerdictRecord>& records);
    void answer(const std::shared_ptr<Isolate>& isolate, const std::shared_ptr<Request>& request, bool succeeded);
    void schedule_flush(const std::shared_ptr<Isolate>& isolate, double delay_ms);
    void send(const std::shared_ptr<Isolate>& isolate);
    void kill(std::size_t index);
    void peace();
    void check_end();

    std::uint64_t seed_;
    double span_ms_;
    Plant plant_;
    Random random_;
    World world_;
    ModelDatabase database_;
    keys::Strategy strategy_;
    std::size_t set_limit_;
    double now_ms_ = kStartMs;
    double end_ms_ = 0;
    bool is_peace_ = false;
    std::uint64_t next_order_ = 0;
    std::priority_queue<Event, std::vector<Event>, Later> events_;
    std::vector<std::shared_ptr<Isolate>> isolates_;
    std::vector<std::shared_ptr<Request>> requests_;
    std::uint64_t lost_requests_ = 0;  // of isolates that were killed
    std::int64_t counted_requests_ = 0;
    std::int64_t counted_attempts_ = 0;
    std::int64_t lost_counted_requests_ = 0;
    std::int64_t lost_counted_attempts_ = 0;
    std::map<std::string, int> served_in_peace_;
    std::uint64_t failed_in_peace_ = 0;
    Report report_;
};

}  // namespace edgepool::sim
