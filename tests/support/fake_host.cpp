#include "support/fake_host.hpp"

#include <algorithm>

#include "app/flush.hpp"
#include "app/housekeep.hpp"
#include "app/serve.hpp"
#include "http/request.hpp"

namespace edgepool::test {
namespace {

std::string wire_of(const ClientRequest& request) {
    std::string wire = request.method + '\0' + request.url + '\0';
    return wire + request.headers.to_wire();
}

constexpr std::size_t kMostSubrequests = 50;
constexpr std::size_t kMostConnections = 6;

}  // namespace

config::Variables configured(std::initializer_list<std::pair<const std::string, std::string>> more) {
    std::map<std::string, std::string> values = {{"ADMIN_TOKEN", std::string(kAdminToken)},
                                                 {"SUPABASE_REST_URL", std::string(kDatabaseUrl)},
                                                 {"SUPABASE_SERVICE_ROLE_KEY", "sb_secret_of_the_database"},
                                                 {"OLLAMA_BASE_URL", "https://first.example"},
                                                 {"OPENROUTER_BASE_URL", "https://second.example/api/v1"}};
    for (const auto& [name, value] : more) values[name] = value;
    std::string wire;
    for (const auto& [name, value] : values) {
        if (!value.empty()) wire.append(name).append(1, '\0').append(value).append(1, '\0');
    }
    return config::Variables::from_wire(wire);
}

std::string_view bearer_of(const Headers& headers) { return bearer_credential(headers); }

FakeHost::FakeHost(VirtualTime& clock, FakeDatabase& its_database, ScriptedUpstream& its_upstream, const config::Variables& variables,
                   std::string_view seed)
    : time(clock), database(its_database), upstream(its_upstream), app_(std::make_unique<app::App>(config::read_config(variables), seed)) {
    enter();
}

void FakeHost::enter() { app_->now_ms = time.now_ms(); }

Conversation& FakeHost::add(std::unique_ptr<host::Session> session, std::optional<ClientRequest> request) {
    conversations_.push_back(std::make_unique<Conversation>(*this, std::move(session), std::move(request)));
    return *conversations_.back();
}

const ClientAnswer& FakeHost::send(ClientRequest request) {
    enter();
    auto session = std::make_unique<host::Session>();
    session->prepare(app::serve(*app_, *session, wire_of(request)));
    Conversation& conversation = add(std::move(session), std::move(request));
    conversation.begin();
    return conversation.answer();
}

const ClientAnswer& FakeHost::ask(ClientRequest request) {
    const std::size_t index = conversations_.size();
    const ClientAnswer& answer = send(std::move(request));
    while (!conversations_[index]->done() && time.step()) {
    }
    if (!conversations_[index]->done()) fault("a request never ends");
    // What is forwarded without being watched goes on after the flow.
    while (!answer.ended && !answer.broken && !answer.left && time.step()) {
    }
    if (answer.upstream_calls + answer.database_calls > kMostSubrequests) fault("more subrequests than the platform allows");
    if (answer.most_connections > kMostConnections) fault("more open connections than the platform allows");
    return answer;
}

void FakeHost::begin_housekeeping() {
    enter();
    auto session = std::make_unique<host::Session>();
    session->prepare(app::housekeep(*app_, *session));
    add(std::move(session), std::nullopt).begin();
}

void FakeHost::collect(std::vector<const Conversation*>* spawned) {
    for (auto& session : std::exchange(app_->spawned, {})) {
        ++background_flows_;
        Conversation& conversation = add(std::move(session), std::nullopt);
        if (spawned != nullptr) spawned->push_back(&conversation);
        time.at(time.now_ms(), [&conversation] { conversation.begin(); });
    }
    for (app::LogLine& line : std::exchange(app_->log_lines, {})) log_.push_back(std::move(line.text));
}

void FakeHost::kill_background_flows() {
    for (auto& conversation : conversations_) {
        if (!conversation->is_clients()) conversation->abandon();
    }
}

void FakeHost::give_up_flows() {
    enter();
    for (auto& conversation : conversations_) conversation->abandon();
    collect();
}

std::string FakeHost::die() {
    enter();
    std::string salvage = app::salvage_counts(*app_);
    for (auto& conversation : conversations_) conversation->abandon();
    return salvage;
}

void FakeHost::adopt(std::string_view salvage) {
    enter();
    app::adopt_salvage(*app_, salvage);
    collect();
}

bool FakeHost::logged(std::string_view text) const {
    return std::any_of(log_.begin(), log_.end(), [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

std::size_t FakeHost::flows_under_way() const {
    return static_cast<std::size_t>(std::count_if(conversations_.begin(), conversations_.end(), [](const auto& each) { return !each->done(); }));
}

bool FakeHost::is_database(std::string_view url) const { return url.substr(0, app_->config.storage.rest_url.size()) == app_->config.storage.rest_url; }

FakeHost::Sent FakeHost::ask_database(Seen request) { return {database.answer(request, time.now_ms()), [] {}}; }

FakeHost::Sent FakeHost::ask_upstream(Seen request) {
    const std::size_t index = upstream.seen().size();
    return {upstream.answer(std::move(request)), [this, index] { upstream.seen()[index].was_stopped = true; }};
}

std::string FakeHost::random_bytes(std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<char>(platform_random_.next()));
    return bytes;
}

std::optional<bool> FakeHost::ask_binding(const std::string& binding, const std::string& key) {
    ++bindings_asked;
    const auto found = rate_bindings.find(binding);
    if (found == rate_bindings.end()) return std::nullopt;
    return ++bound_[{binding, key}] <= found->second;
}

FakeRedis::Said FakeHost::ask_redis(const host::SocketExchange& exchange) {
    if (redis == nullptr) return {};
    return redis->converse(exchange, time.now_ms());
}

}  // namespace edgepool::test
