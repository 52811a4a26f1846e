#include "support/conversation.hpp"

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "json/splice.hpp"
#include "support/fake_host.hpp"

namespace edgepool::test {
namespace {

using host::Outcome;
using host::Status;

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr std::size_t kLookBytes = 64u << 10;

Outcome outcome_of(Status status) {
    Outcome outcome;
    outcome.status = status;
    return outcome;
}

Outcome data_outcome(std::string data, std::uint32_t number = 0) {
    Outcome outcome;
    outcome.number = number;
    outcome.data = std::move(data);
    return outcome;
}

std::vector<std::string_view> names_in(std::string_view wire) {
    std::vector<std::string_view> names = split(wire, '\0');
    names.pop_back();
    return names;
}

}  // namespace

Conversation::Conversation(FakeHost& host, std::unique_ptr<host::Session> session, std::optional<ClientRequest> request)
    : host_(host), session_(std::move(session)), request_(std::move(request)) {
    answer_.began_ms = host_.time.now_ms();
    if (request_ && request_->leaves_after_ms) leaving_ = host_.time.after(*request_->leaves_after_ms, [this] { leave(); });
}

Conversation::~Conversation() { abandon(); }

void Conversation::abandon() {
    for (auto* appointment : {&pending_, &leaving_, &pumping_}) {
        if (*appointment) host_.time.cancel(**appointment);
        appointment->reset();
    }
    session_.reset();
}

void Conversation::begin() {
    if (session_ == nullptr) return;
    host_.enter();
    session_->begin();
    proceed();
}

void Conversation::resume(Outcome outcome) {
    pending_.reset();
    is_interruptible_ = false;
    host_.enter();
    session_->resume(std::move(outcome));
    proceed();
}

void Conversation::proceed() {
    host_.collect(&spawned_);
    if (session_->done()) {
        close();
        return;
    }
    std::visit([this](const auto& op) { perform(op); }, session_->pending());
}

void Conversation::close() {
    for (const auto& [handle, body] : bodies_) {
        if (!body.released) host_.fault("an upstream body was neither read to its end, nor passed on, nor let go of");
    }
    if (request_ && answer_.status == 0 && !gone_) host_.fault("a client was left without an answer");
    if (is_open_) host_.fault("an answer was left open");
    if (!request_) host_.longest_background_ms = std::max(host_.longest_background_ms, host_.time.now_ms() - answer_.began_ms);
    session_.reset();
}

void Conversation::leave() {
    leaving_.reset();
    gone_ = true;
    if (!answer_.ended) answer_.left = true;
    if (pumping_) host_.time.cancel(*pumping_);
    pumping_.reset();
    if (!pending_ || !is_interruptible_) return;
    host_.time.cancel(*pending_);
    if (on_interrupt_) on_interrupt_();
    resume(outcome_of(Status::client_gone));
}

void Conversation::later(double when_ms, std::function<Outcome()> outcome) {
    pending_ = host_.time.at(when_ms, [this, outcome = std::move(outcome)] { resume(outcome()); });
}

void Conversation::within(std::uint32_t timeout_ms, double ready_ms, std::function<Outcome()> outcome, std::function<void()> on_timeout) {
    const double now_ms = host_.time.now_ms();
    if (gone_) {
        if (on_timeout) on_timeout();
        later(now_ms, [] {
            Outcome outcome = outcome_of(Status::client_gone);
            outcome.number = 1;
            return outcome;
        });
        return;
    }
    is_interruptible_ = true;
    on_interrupt_ = on_timeout;
    const double limit_ms = timeout_ms == 0 ? kNever : now_ms + timeout_ms;
    if (ready_ms <= limit_ms && ready_ms < kNever) {
        later(ready_ms, std::move(outcome));
        return;
    }
    if (timeout_ms == 0) host_.fault("a flow waits for ever");
    later(timeout_ms == 0 ? now_ms + kHourMs : limit_ms, [on_timeout = std::move(on_timeout)] {
        if (on_timeout) on_timeout();
        return outcome_of(Status::timeout);
    });
}

Conversation::Body* Conversation::body_of(host::BodyHandle handle) {
    const auto found = bodies_.find(handle);
    if (found != bodies_.end()) return &found->second;
    host_.fault("a flow named a body that does not exist");
    return nullptr;
}

void Conversation::stop(Body& body) {
    body.released = true;
    if (host_.time.now_ms() < body.end_ms) body.stop();
}

void Conversation::perform(const std::monostate&) { host_.fault("a flow waits for nothing"); }

void Conversation::perform(const host::ReadRequestBody& op) {
    if (!request_ || is_body_read_) host_.fault("a request's body was read twice, or by a background flow");
    is_body_read_ = true;
    const bool stalls = request_->body_fate == ClientRequest::Body::stalls;
    within(op.timeout_ms, stalls ? kNever : answer_.began_ms + request_->body_ms, [this, max_bytes = op.max_bytes] {
        if (request_->body_fate == ClientRequest::Body::breaks) return outcome_of(Status::failed);
        if (request_->body.size() > max_bytes) return outcome_of(Status::too_large);
        return data_outcome(request_->body);
    });
}

void Conversation::perform(const host::Fetch& op) {
    Seen seen;
    seen.at_ms = host_.time.now_ms();
    seen.method = op.method;
    seen.url = op.url;
    seen.headers = op.headers;
    seen.key = std::string(bearer_of(op.headers));
    if (op.body_kind == host::BodyKind::bytes) seen.body = op.body;
    if (op.body_kind == host::BodyKind::client) {
        if (!is_body_read_) host_.fault("a request's body was sent on before it was read");
        seen.body = json::apply_splices(request_->body, op.splices);
    }
    if (gone_) {
        within(op.timeout_ms, kNever, nullptr);  // as the shim, which begins nothing for a client that has left
        return;
    }
    const bool is_database = host_.is_database(op.url);
    if (!is_database && answer_.upstream_calls++ == 0) answer_.database_calls_first = answer_.database_calls;
    if (is_database) ++answer_.database_calls;
    std::size_t open = 1;
    for (const auto& [handle, body] : bodies_) open += !body.released || (body.is_forwarded && host_.time.now_ms() < body.end_ms) ? 1 : 0;
    answer_.most_connections = std::max(answer_.most_connections, open);

    FakeHost::Sent sent = is_database ? host_.ask_database(std::move(seen)) : host_.ask_upstream(std::move(seen));
    const double head_ms = host_.time.now_ms() + sent.reply.head_ms;
    if (sent.reply.kind != Reply::Kind::answers) {
        const double ready_ms = sent.reply.kind == Reply::Kind::silent ? kNever : head_ms;
        within(op.timeout_ms, ready_ms, [] { return outcome_of(Status::failed); }, sent.stop);
        return;
    }
    std::string wire;
    for (const std::string_view name : names_in(op.wanted)) {
        if (sent.reply.headers.has(name)) wire.append(name).append(1, '\0').append(sent.reply.headers.get(name)).append(1, '\0');
    }
    within(op.timeout_ms, head_ms, [this, reply = std::move(sent.reply), stop = sent.stop, wire = std::move(wire), head_ms] {
        Outcome outcome;
        outcome.number = static_cast<std::uint32_t>(reply.status);
        outcome.handle = next_handle_++;
        outcome.data = wire;
        Body body;
        double at_ms = head_ms;
        for (const Piece& piece : reply.pieces) body.arrivals.push_back(at_ms += piece.after_ms);
        body.end_ms = reply.end == Reply::End::stalled ? kNever : at_ms + reply.end_after_ms;
        body.reply = reply;
        body.stop = stop;
        bodies_.emplace(outcome.handle, std::move(body));
        return outcome;
    }, sent.stop);
}

void Conversation::perform(const host::ReadBody& op) {
    Body* body = body_of(op.handle);
    if (body == nullptr) return later(host_.time.now_ms(), [] { return outcome_of(Status::failed); });
    if (op.timeout_ms == 0) host_.fault("a body is read without a limit in time");
    if (op.max_bytes == 0) read_piece(*body, op.timeout_ms);
    else read_whole(*body, op.max_bytes, whole_timeout_ms(*body, op));
}

// When a body that is read whole has taken too long: its pieces have a time each, and all of them have one.
std::uint32_t Conversation::whole_timeout_ms(const Body& body, const host::ReadBody& op) const {
    const double now_ms = host_.time.now_ms();
    double last_ms = now_ms;
    for (std::size_t i = body.read; i < body.arrivals.size() && body.arrivals[i] - last_ms <= op.timeout_ms; ++i) last_ms = std::max(last_ms, body.arrivals[i]);
    const double silent_ms = last_ms - now_ms + op.timeout_ms;
    return static_cast<std::uint32_t>(op.total_ms == 0 ? silent_ms : std::min<double>(silent_ms, op.total_ms));
}

void Conversation::read_piece(Body& body, std::uint32_t timeout_ms) {
    if (body.read < body.arrivals.size()) {
        within(timeout_ms, body.arrivals[body.read], [&body] {
            const std::string& bytes = body.reply.pieces[body.read++].bytes;
            body.held += bytes;
            return data_outcome(bytes);
        });
        return;
    }
    within(timeout_ms, body.end_ms, [&body] {
        body.released = true;
        if (body.reply.end == Reply::End::cut) return outcome_of(Status::failed);
        body.is_over = true;
        return data_outcome({}, 1);
    });
}

void Conversation::read_whole(Body& body, std::size_t max_bytes, std::uint32_t timeout_ms) {
    std::size_t size = body.held.size();
    for (std::size_t i = body.read; i < body.arrivals.size(); ++i) {
        size += body.reply.pieces[i].bytes.size();
        if (size <= max_bytes) continue;
        within(timeout_ms, body.arrivals[i], [&body, max_bytes, i] {
            while (body.read <= i) body.held += body.reply.pieces[body.read++].bytes;
            Outcome outcome = outcome_of(Status::too_large);
            outcome.data = body.held.substr(0, max_bytes);
            return outcome;
        });
        return;
    }
    within(timeout_ms, body.end_ms, [&body] {
        while (body.read < body.arrivals.size()) body.held += body.reply.pieces[body.read++].bytes;
        body.released = true;
        if (body.reply.end == Reply::End::cut) return outcome_of(Status::failed);
        body.is_over = true;
        return data_outcome(body.held, 1);
    });
}

void Conversation::perform(const host::CancelBody& op) {
    if (Body* body = body_of(op.handle)) stop(*body);
    later(host_.time.now_ms(), [] { return Outcome{}; });
}

void Conversation::perform(const host::Respond& op) {
    if (!request_ || answer_.status != 0) host_.fault("a second answer, or one to nobody");
    answer_.status = op.status;
    answer_.headers = op.headers;
    answer_.body = op.body;
    answer_.answered_ms = host_.time.now_ms();
    is_open_ = op.stays_open;
    if (!is_open_) end_answer();
    later(host_.time.now_ms(), [this] { return outcome_of(gone_ ? Status::client_gone : Status::ok); });
}

void Conversation::perform(const host::Write& op) {
    if (!is_open_) host_.fault("a flow writes to an answer that is not open");
    if (op.timeout_ms == 0) host_.fault("an answer is written without a limit in time");
    within(op.timeout_ms, takes_answer() ? host_.time.now_ms() : kNever, [this, bytes = op.bytes] {
        answer_.body += bytes;
        return Outcome{};
    });
}

void Conversation::perform(const host::Join& op) {
    if (op.timeout_ms == 0) host_.fault("flows are awaited without a limit in time");
    await_spawned(host_.time.now_ms() + op.timeout_ms);
}

void Conversation::await_spawned(double until_ms) {
    const bool all_done = std::all_of(spawned_.begin(), spawned_.end(), [](const Conversation* each) { return each->done(); });
    if (all_done || gone_ || host_.time.now_ms() >= until_ms) {
        const Status status = gone_ ? Status::client_gone : all_done ? Status::ok : Status::timeout;
        return later(host_.time.now_ms(), [status] { return outcome_of(status); });
    }
    pending_ = host_.time.at(std::min(host_.time.now_ms() + 1, until_ms), [this, until_ms] { await_spawned(until_ms); });
}

void Conversation::perform(const host::Forward& op) {
    if (!request_ || answer_.status != 0) host_.fault("a second answer, or one to nobody");
    forwarded_ = body_of(op.handle);
    look_ms_ = op.observe_ms;
    answer_head(op.status, op.set, op.removed);
    if (forwarded_ == nullptr) return;
    forwarded_->released = forwarded_->is_forwarded = true;
    forwarded_->looked = pumped_ = forwarded_->read;
    if (gone_) return;
    answer_.body = forwarded_->held;
    pump();
}

void Conversation::perform(const host::ForwardHead& op) {
    if (!request_ || answer_.status != 0) host_.fault("a second answer, or one to nobody");
    forwarded_ = body_of(op.handle);
    is_open_ = true;
    answer_head(op.status, op.set, op.removed);
}

// The forwarded answer's head goes to the client.
void Conversation::answer_head(int status, const Headers& set, std::string_view removed) {
    answer_.status = status;
    answer_.answered_ms = host_.time.now_ms();
    later(host_.time.now_ms(), [this] { return outcome_of(gone_ ? Status::client_gone : Status::ok); });
    if (forwarded_ == nullptr) return;
    const auto names = names_in(removed);
    for (const auto& [name, value] : forwarded_->reply.headers.fields()) {
        if (std::find(names.begin(), names.end(), name) == names.end()) answer_.headers.add(name, value);
    }
    for (const auto& [name, value] : set.fields()) answer_.headers.set(name, value);
}

void Conversation::pump() {
    pumping_.reset();
    Body& body = *forwarded_;
    if (pumped_ < body.arrivals.size()) {
        pumping_ = host_.time.at(body.arrivals[pumped_], [this] {
            answer_.body += forwarded_->reply.pieces[pumped_++].bytes;
            pump();
        });
    } else if (look_ms_ == 0 && body.end_ms < kNever) {
        pumping_ = host_.time.at(body.end_ms, [this] {
            pumping_.reset();
            if (forwarded_->reply.end == Reply::End::cut) answer_.broken = true;
            else end_answer();
        });
    }
}

void Conversation::end_answer() {
    if (gone_) return;
    answer_.ended = true;
    answer_.ended_ms = host_.time.now_ms();
}

void Conversation::perform(const host::Observe& op) {
    if (forwarded_ == nullptr || look_ms_ == 0) host_.fault("a flow observes what it does not forward");
    Body& body = *forwarded_;
    if (body.is_over) return later(host_.time.now_ms(), [] { return data_outcome({}, 1); });
    double ready_ms = std::min(host_.time.now_ms() + look_ms_, std::max(body.end_ms, host_.time.now_ms()));
    const bool is_cut_by_then = body.reply.end == Reply::End::cut && body.end_ms <= ready_ms;
    const bool has_piece = body.looked < body.arrivals.size();
    // Nothing to see yet: the look lasts until there is.
    if (!is_cut_by_then && has_piece) ready_ms = std::max(ready_ms, body.arrivals[body.looked]);
    else ready_ms = std::max(ready_ms, body.end_ms);
    if (op.timeout_ms == 0) host_.fault("a stream is looked at without a limit in time");
    within(op.timeout_ms, ready_ms, [this, &body, wants_data = op.wants_data] {
        // What nobody had looked at is lost when a connection breaks.
        if (body.reply.end == Reply::End::cut && body.end_ms <= host_.time.now_ms()) return outcome_of(Status::failed);
        std::string data;
        while (body.looked < body.arrivals.size() && body.arrivals[body.looked] <= host_.time.now_ms() && data.size() < kLookBytes) {
            data += body.reply.pieces[body.looked++].bytes;
        }
        const bool is_end = data.empty() && body.looked == body.arrivals.size();
        return data_outcome(wants_data ? std::move(data) : std::string(), is_end ? 1 : 0);
    });
}

bool Conversation::takes_answer() const { return !request_ || !request_->stops_reading_after_ms || host_.time.now_ms() < answer_.began_ms + *request_->stops_reading_after_ms; }

void Conversation::perform(const host::Finish& op) {
    if (op.timeout_ms == 0) host_.fault("an answer is finished without a limit in time");
    if (!takes_answer() && !gone_) {
        is_open_ = false;
        answer_.broken = true;
        if (pumping_) host_.time.cancel(*pumping_);
        pumping_.reset();
        return later(host_.time.now_ms() + op.timeout_ms, [this] {
            if (forwarded_ != nullptr) stop(*forwarded_);
            return outcome_of(Status::timeout);
        });
    }
    if (is_open_) {
        is_open_ = false;
        if (forwarded_ != nullptr && (op.stops_upstream || gone_)) stop(*forwarded_);
        if (!gone_) answer_.body += op.tail;
        answer_.broken = op.breaks_off;
        if (!op.breaks_off) end_answer();
        return later(host_.time.now_ms(), [] { return Outcome{}; });
    }
    if (forwarded_ == nullptr || look_ms_ == 0) host_.fault("a flow finishes what it does not observe");
    if (pumping_) host_.time.cancel(*pumping_);
    pumping_.reset();
    std::string unseen;
    while (gone_ && forwarded_->looked < forwarded_->arrivals.size() && forwarded_->arrivals[forwarded_->looked] <= host_.time.now_ms()) {
        unseen += forwarded_->reply.pieces[forwarded_->looked++].bytes;
    }
    if (op.stops_upstream || gone_) stop(*forwarded_);
    if (!gone_) answer_.body += op.tail;
    if (op.breaks_off) answer_.broken = true;
    else end_answer();
    later(host_.time.now_ms(), [unseen] { return data_outcome(unseen); });
}

void Conversation::perform(const host::CacheGet& op) {
    if (op.timeout_ms == 0) host_.fault("the cache is asked without a limit in time");
    within(op.timeout_ms, host_.time.now_ms() + FakeHost::kCacheMs, [this, url = op.url, max_bytes = op.max_bytes] {
        if (!host_.has_cache) return outcome_of(Status::failed);
        const auto found = host_.cache.find(url);
        if (found == host_.cache.end()) return outcome_of(Status::ok);
        return found->second.size() > max_bytes ? outcome_of(Status::too_large) : data_outcome(found->second, 1);
    });
}

void Conversation::perform(const host::CachePut& op) {
    if (op.headers.get("cache-control").find("max-age=") == std::string_view::npos) host_.fault("an entry is kept for ever");
    within(op.timeout_ms, host_.time.now_ms() + FakeHost::kCacheMs, [this, url = op.url, body = op.body] {
        if (!host_.has_cache) return outcome_of(Status::failed);
        host_.cache[url] = body;
        return Outcome{};
    });
}

void Conversation::perform(const host::DataPoint& op) {
    host_.data_points.push_back(op);
    later(host_.time.now_ms(), [] { return Outcome{}; });
}

void Conversation::perform(const host::Sleep& op) {
    later(host_.time.now_ms() + op.timeout_ms, [] { return Outcome{}; });
}

void Conversation::perform(const host::RandomBytes& op) {
    later(host_.time.now_ms(), [this, count = op.count] { return data_outcome(host_.random_bytes(count)); });
}

void Conversation::perform(const host::RateLimit& op) {
    const std::optional<bool> is_within = host_.ask_binding(op.binding, op.key);
    Outcome outcome = outcome_of(is_within ? Status::ok : Status::failed);
    outcome.number = is_within.value_or(false) ? 1 : 0;
    later(host_.time.now_ms(), [outcome] { return outcome; });
}

void Conversation::perform(const host::SocketExchange& op) {
    const FakeRedis::Said said = host_.ask_redis(op);
    const bool is_late = said.after_ms > op.timeout_ms;
    Outcome outcome = said.bytes && !is_late ? data_outcome(*said.bytes) : outcome_of(is_late ? Status::timeout : Status::failed);
    if (outcome.data.size() > op.max_bytes) outcome.status = Status::too_large;
    later(host_.time.now_ms() + (is_late ? op.timeout_ms : said.after_ms), [outcome] { return outcome; });
}

}  // namespace edgepool::test
