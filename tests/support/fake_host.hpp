// One isolate in virtual time: the app, its flows, a database and an upstream. Several can share a clock and a database. It keeps the
// rules that the platform keeps and notes every breach of them in faults().
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/app.hpp"
#include "support/conversation.hpp"
#include "support/fake_database.hpp"
#include "support/fake_redis.hpp"
#include "support/scripted_upstream.hpp"
#include "support/virtual_time.hpp"

namespace edgepool::test {

inline constexpr std::string_view kAdminToken = "the-admins-own-token";
inline constexpr std::string_view kDatabaseUrl = "https://database.example/rest/v1";

// A configuration that works, with `more` on top; an empty value unsets a name.
config::Variables configured(std::initializer_list<std::pair<const std::string, std::string>> more = {});

std::string_view bearer_of(const Headers& headers);

class FakeHost {
public:
    struct Sent {
        Reply reply;
        std::function<void()> stop;  // the connection is let go of
    };

    FakeHost(VirtualTime& clock, FakeDatabase& its_database, ScriptedUpstream& its_upstream, const config::Variables& variables,
             std::string_view seed = "seed");

    // A request comes in now. The answer is good as long as the host.
    const ClientAnswer& send(ClientRequest request);

    // The same, and time passes until its flow has ended.
    const ClientAnswer& ask(ClientRequest request);

    // The daily housekeeping comes due now.
    void begin_housekeeping();

    // The platform ends all background flows without a word, as it does half a minute after the requests that they belong to.
    void kill_background_flows();

    // All flows are given up, as those that the host has forgotten: nothing is resumed any more.
    void give_up_flows();

    // The instance dies of a trap: what it had not sent.
    std::string die();
    void adopt(std::string_view salvage);

    app::App& app() { return *app_; }
    const std::vector<std::string>& faults() const { return faults_; }
    const std::vector<std::string>& log() const { return log_; }
    bool logged(std::string_view text) const;
    std::size_t flows_under_way() const;
    std::size_t background_flows() const { return background_flows_; }

    // For the conversations.
    void enter();
    void collect(std::vector<const Conversation*>* spawned = nullptr);
    void fault(std::string_view what) { faults_.emplace_back(what); }
    bool is_database(std::string_view url) const;
    Sent ask_database(Seen request);
    Sent ask_upstream(Seen request);
    std::string random_bytes(std::size_t count);
    std::optional<bool> ask_binding(const std::string& binding, const std::string& key);  // nullopt: there is none
    FakeRedis::Said ask_redis(const host::SocketExchange& exchange);

    std::map<std::string, int> rate_bindings;  // how many a key may do, by name; for ever
    FakeRedis* redis = nullptr;                // who answers on sockets
    std::size_t bindings_asked = 0;

    // The platform's cache, by URL; without one every use of it fails.
    static constexpr double kCacheMs = 2;
    bool has_cache = true;
    std::map<std::string, std::string> cache;

    double longest_background_ms = 0;  // how long the longest of the background flows that have ended took

    std::vector<host::DataPoint> data_points;  // given to the analytics binding

    VirtualTime& time;
    FakeDatabase& database;
    ScriptedUpstream& upstream;

private:
    Conversation& add(std::unique_ptr<host::Session> session, std::optional<ClientRequest> request);

    std::unique_ptr<app::App> app_;
    std::vector<std::unique_ptr<Conversation>> conversations_;
    std::vector<std::string> faults_;
    std::vector<std::string> log_;
    std::size_t background_flows_ = 0;
    std::map<std::pair<std::string, std::string>, int> bound_;
    Random platform_random_;
};

}  // namespace edgepool::test
