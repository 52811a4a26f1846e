#include "worker/instance.hpp"

#include <cstdlib>
#include <utility>

#include "app/flush.hpp"
#include "app/housekeep.hpp"
#include "app/serve.hpp"
#include "json/writer.hpp"

namespace edgepool::worker {
namespace {

constexpr std::size_t kSeedBytes = 32;
constexpr double kForgottenMs = 4'500'000;  // no operation may take longer than an hour
constexpr std::size_t kProbeBytes = 64u << 10;  // from this size on it is tried first whether there is room
constexpr double kLatestMs = 8'640'000'000'000'000;  // JavaScript's last moment
constexpr std::uint32_t kHighestStatus = static_cast<std::uint32_t>(host::Status::no_room);

// A std::string that cannot grow ends the instance; malloc says so politely.
bool has_room(std::size_t size) {
    if (size < kProbeBytes) return true;
    void* volatile probe = std::malloc(size + 64);  // volatile: otherwise the compiler takes the room for granted
    std::free(probe);
    return probe != nullptr;
}

}  // namespace

char* Instance::reserve(std::size_t size) {
    incoming_ = std::string();
    if (size > kMaxIncomingBytes || !has_room(size)) return nullptr;
    incoming_.resize(size);
    return incoming_.data();
}

void Instance::at(double now_ms) {
    if (!app_) std::abort();  // the host has not called create()
    if (now_ms >= 0 && now_ms <= kLatestMs) app_->now_ms = now_ms;  // what is no time leaves the clock as it stands
}

const Record& Instance::create(double now_ms) {
    if (app_) std::abort();  // flows that wait refer to it
    const std::string incoming = std::exchange(incoming_, {});
    const std::string_view seed = std::string_view(incoming).substr(0, kSeedBytes);
    const std::string_view variables = std::string_view(incoming).substr(seed.size());
    app_.emplace(config::read_config(config::Variables::from_wire(variables)), seed);
    at(now_ms);
    if (!app_->config.usable()) {
        json::Writer line;
        line.begin_object().add_string("event", "configuration").add_string("detail", config::configuration_gap(app_->config)).end_object();
        app_->log(true, line.take());
    }
    return report(0);
}

const Record& Instance::start(double now_ms) {
    at(now_ms);
    auto session = std::make_unique<host::Session>();
    session->prepare(app::serve(*app_, *session, std::exchange(incoming_, {})));
    return begin_new(std::move(session));
}

const Record& Instance::scheduled(double now_ms) {
    at(now_ms);
    auto session = std::make_unique<host::Session>();
    session->prepare(app::housekeep(*app_, *session));
    return begin_new(std::move(session));
}

const Record& Instance::begin_new(std::unique_ptr<host::Session> session) {
    give_up_forgotten();
    const std::uint32_t task = add_task(std::move(session));
    tasks_[task].session->begin();
    return report(task);
}

const Record& Instance::begin(std::uint32_t task, double now_ms) {
    at(now_ms);
    const auto found = tasks_.find(task);
    if (found != tasks_.end()) found->second.session->begin();
    return report(task);
}

const Record& Instance::resume(std::uint32_t task, double now_ms, std::uint32_t status, std::uint32_t number, std::uint32_t handle) {
    at(now_ms);
    host::Outcome outcome;
    outcome.status = status <= kHighestStatus ? static_cast<host::Status>(status) : host::Status::failed;
    outcome.number = number;
    outcome.handle = handle;
    outcome.data = std::exchange(incoming_, {});
    const auto found = tasks_.find(task);
    if (found != tasks_.end()) {
        found->second.heard_ms = app_->now_ms;
        found->second.session->resume(std::move(outcome));
    }
    return report(task);
}

void Instance::cancel(std::uint32_t task) { tasks_.erase(task); }

const Record& Instance::salvage(double now_ms) {
    at(now_ms);
    salvaged_ = host::Finish{app::salvage_counts(*app_)};
    record_.fill(0, salvaged_);
    return record_;
}

const Record& Instance::adopt(double now_ms) {
    at(now_ms);
    app::adopt_salvage(*app_, std::exchange(incoming_, {}));
    return report(0);
}

std::vector<app::LogLine> Instance::take_log_lines() { return app_ ? std::exchange(app_->log_lines, {}) : std::vector<app::LogLine>(); }

// Two flows a request, in turn, so that it costs nothing and no flow is passed over for long.
void Instance::give_up_forgotten() {
    for (int i = 0; i < 2 && !tasks_.empty(); ++i) {
        auto next = tasks_.upper_bound(examined_);
        if (next == tasks_.end()) next = tasks_.begin();
        examined_ = next->first;
        if (app_->now_ms - next->second.heard_ms > kForgottenMs) tasks_.erase(next);
    }
}

std::uint32_t Instance::add_task(std::unique_ptr<host::Session> session) {
    const std::uint32_t task = next_task_++;
    tasks_.emplace(task, Entry{std::move(session), app_->now_ms});
    return task;
}

// The task's pending operation, and what was spawned meanwhile. A task that has ended is let go.
const Record& Instance::report(std::uint32_t task) {
    static const host::Operation kDone{};
    const auto found = tasks_.find(task);
    const bool is_done = found == tasks_.end() || found->second.session->done();
    record_.fill(task, is_done ? kDone : found->second.session->pending());
    if (is_done && found != tasks_.end()) tasks_.erase(found);
    std::vector<std::uint32_t> spawned;
    for (auto& session : std::exchange(app_->spawned, {})) spawned.push_back(add_task(std::move(session)));
    record_.set_spawned(std::move(spawned));
    return record_;
}

}  // namespace edgepool::worker
