// One flow's dealings with the fake outside: performs its operations in virtual time as the shim performs them for real. A client's flow
// has a request and an answer; a background flow has neither. Times at which bodies arrive are known when they begin, so each operation
// has one appointment at most; only a leaving client comes in between.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/session.hpp"
#include "support/scripted_upstream.hpp"
#include "support/virtual_time.hpp"

namespace edgepool::test {

struct ClientRequest {
    enum class Body { arrives, stalls, breaks };

    std::string method = "POST";
    std::string url = "https://pool.example/v1/chat/completions";
    Headers headers;
    std::string body;
    double body_ms = 0;  // until it has arrived
    Body body_fate = Body::arrives;
    std::optional<double> leaves_after_ms;
    std::optional<double> stops_reading_after_ms;  // and stays connected
};

struct ClientAnswer {
    int status = 0;  // 0 = none yet
    Headers headers;
    std::string body;
    bool ended = false;   // whole, closed cleanly
    bool broken = false;  // the connection broke first
    bool left = false;    // by the client
    double began_ms = 0;
    double answered_ms = 0;
    double ended_ms = 0;
    std::size_t upstream_calls = 0;
    std::size_t database_calls = 0;
    std::size_t database_calls_first = 0;  // before the first upstream call
    std::size_t most_connections = 0;      // open at once
};

class FakeHost;

class Conversation {
public:
    Conversation(FakeHost& host, std::unique_ptr<host::Session> session, std::optional<ClientRequest> request);
    ~Conversation();
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    void begin();

    // The instance has died: nothing is resumed any more.
    void abandon();

    bool done() const { return session_ == nullptr; }
    bool is_clients() const { return request_.has_value(); }
    const ClientAnswer& answer() const { return answer_; }

private:
    struct Body {
        Reply reply;
        std::vector<double> arrivals;  // of the pieces
        double end_ms = 0;             // infinite when it stalls
        std::size_t read = 0;          // pieces
        std::size_t looked = 0;        // pieces
        std::string held;
        bool released = false;         // read to its end, failed, cancelled or forwarded
        bool is_forwarded = false;
        bool is_over = false;          // read to its end
        std::function<void()> stop;    // tells the upstream
    };
    using Outcome = host::Outcome;

    void leave();
    void proceed();  // performs what the flow awaits
    void resume(Outcome outcome);
    void later(double when_ms, std::function<Outcome()> outcome);
    // At `ready_ms`, unless the time given (0 = none) or the client's leaving comes first.
    void within(std::uint32_t timeout_ms, double ready_ms, std::function<Outcome()> outcome, std::function<void()> on_timeout = {});
    Body* body_of(host::BodyHandle handle);
    void stop(Body& body);
    void pump();  // the next piece goes to the client
    void end_answer();
    void close();

    void perform(const std::monostate&);
    void perform(const host::ReadRequestBody& op);
    void perform(const host::Fetch& op);
    void perform(const host::ReadBody& op);
    void perform(const host::CancelBody& op);
    void perform(const host::Respond& op);
    void perform(const host::Forward& op);
    void perform(const host::ForwardHead& op);
    void perform(const host::CacheGet& op);
    void perform(const host::CachePut& op);
    void perform(const host::DataPoint& op);
    void perform(const host::Observe& op);
    void answer_head(int status, const Headers& set, std::string_view removed);
    void perform(const host::Finish& op);
    void perform(const host::Sleep& op);
    void perform(const host::RandomBytes& op);
    void perform(const host::RateLimit& op);
    void perform(const host::SocketExchange& op);
    void perform(const host::Write& op);
    void perform(const host::Join& op);
    void await_spawned(double until_ms);
    bool takes_answer() const;
    std::uint32_t whole_timeout_ms(const Body& body, const host::ReadBody& op) const;
    void read_piece(Body& body, std::uint32_t timeout_ms);
    void read_whole(Body& body, std::size_t max_bytes, std::uint32_t timeout_ms);

    FakeHost& host_;
    std::unique_ptr<host::Session> session_;
    std::optional<ClientRequest> request_;
    ClientAnswer answer_;
    bool gone_ = false;
    bool is_body_read_ = false;
    bool is_interruptible_ = false;
    std::optional<VirtualTime::Appointment> pending_, leaving_, pumping_;
    std::function<void()> on_interrupt_;
    std::map<host::BodyHandle, Body> bodies_;
    host::BodyHandle next_handle_ = 1;
    std::vector<const Conversation*> spawned_;
    Body* forwarded_ = nullptr;
    bool is_open_ = false;  // the answer waits for more
    std::size_t pumped_ = 0;  // pieces
    std::uint32_t look_ms_ = 0;
};

}  // namespace edgepool::test
