#include "sim/world.hpp"

#include <algorithm>
#include <cmath>

#include "base/sha256.hpp"
#include "base/time_text.hpp"

namespace edgepool::sim {
namespace {

constexpr Trouble::Kind kKinds[] = {Trouble::Kind::overloaded, Trouble::Kind::proxy_page, Trouble::Kind::timeouts, Trouble::Kind::cuts,
                                    Trouble::Kind::refuses_everybody, Trouble::Kind::shared_capacity, Trouble::Kind::one_model};

bool is_free(const std::string& model) { return model.size() > 5 && model.substr(model.size() - 5) == ":free"; }

double delay(Random& random) { return 200 + 4'000 * random.unit() * random.unit() + (random.below(20) == 0 ? 20'000 : 0); }

}  // namespace

bool blames_key(Cause cause) {
    return cause == Cause::revoked || cause == Cause::spent || cause == Cause::crowded || cause == Cause::everybody_refused;
}

bool blames_pair(Cause cause) { return cause == Cause::not_in_plan || cause == Cause::free_tier; }

World::World(Random& random, double start_ms, double span_ms)
    : provider_(&providers()[random.below(providers().size())]), span_ms_(span_ms), start_ms_(start_ms) {
    const std::uint64_t keys = random.below(4) == 0 ? 1 + random.below(3) : 1 + random.below(60);
    for (std::uint64_t i = 0; i < keys; ++i) add_key(random);
    const std::uint64_t count = random.below(6);
    int refusals_of_everybody = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        Trouble trouble{kKinds[random.below(std::size(kKinds))], start_ms + span_ms * random.unit(), 0, models_[random.below(models_.size())]};
        // Shorter than the guard's patience, and no three of them: a key must not look refused three times in a row.
        if (trouble.kind == Trouble::Kind::refuses_everybody && ++refusals_of_everybody > 2) continue;
        trouble.until_ms = trouble.from_ms + kMinuteMs * (0.2 + 7 * random.unit());
        troubles_.push_back(trouble);
    }
}

const KeyTruth& World::add_key(Random& random) {
    KeyTruth key;
    key.secret = "sim-secret-" + std::to_string(next_key_++);
    key.id = sha256_hex(key.secret).substr(0, 16);
    if (random.below(10) == 0) key.revoked_ms = start_ms_ + span_ms_ * random.unit();
    if (random.below(3) == 0) {
        key.quota = 5 + static_cast<int>(random.below(60));
        key.window_ms = kHourMs * static_cast<double>(1 + random.below(30));
        key.states_reset = random.below(2) == 0;
    }
    if (random.below(3) == 0) key.places = 1 + static_cast<int>(random.below(4));
    if (random.below(5) == 0) key.excluded.insert("beta");
    if (random.below(4) == 0) key.free_quota = 3 + static_cast<int>(random.below(20));
    return keys_[key.id] = key;
}

Reply World::refuse(Cause cause, int status, std::string message) const {
    Reply reply;
    reply.cause = cause;
    reply.status = status;
    const bool native = provider_->serves_ollama_native;
    reply.body = native ? "{\"error\":\"" + message + "\"}" : "{\"error\":{\"code\":" + std::to_string(status) + ",\"message\":\"" + message + "\"}}";
    return reply;
}

bool World::in_trouble(Trouble::Kind kind, const std::string& model, double now_ms) const {
    return !is_peace_ && std::any_of(troubles_.begin(), troubles_.end(), [&](const Trouble& trouble) {
        return trouble.kind == kind && now_ms >= trouble.from_ms && now_ms < trouble.until_ms &&
               (kind != Trouble::Kind::one_model || trouble.model == model);
    });
}

bool World::service_fails(const std::string& model, double now_ms, Random& random, Reply& reply) const {
    using Kind = Trouble::Kind;
    if (in_trouble(Kind::overloaded, model, now_ms) || in_trouble(Kind::one_model, model, now_ms)) {
        reply = refuse(Cause::service, 503, "Server overloaded, please retry shortly");
    } else if (in_trouble(Kind::proxy_page, model, now_ms)) {
        const int status = random.below(2) == 0 ? 502 : 403;
        reply = refuse(Cause::service, status, "");
        reply.body = "<html><body>Forbidden</body></html>";
    } else if (in_trouble(Kind::timeouts, model, now_ms)) {
        reply = refuse(Cause::service, 0, "");
        reply.transport = random.below(2) == 0 ? verdict::Transport::timeout : verdict::Transport::unreachable;
    } else if (in_trouble(Kind::cuts, model, now_ms) && random.below(3) != 0) {
        reply = refuse(Cause::service, 200, "");
        reply.transport = verdict::Transport::cut;
    } else if (in_trouble(Kind::shared_capacity, model, now_ms) && !provider_->serves_ollama_native) {
        reply = refuse(Cause::service, 429, "");
        reply.body = R"({"error":{"code":429,"message":"Provider returned error","metadata":{"limit_source":"openrouter_shared_capacity","retry_after":9}}})";
    } else {
        return false;
    }
    return true;
}

verdict::ProbeReading World::tell_about(const std::string& key_id, double now_ms, Random& random) const {
    using Standing = verdict::ProbeReading::Standing;
    const KeyTruth& key = keys_.at(key_id);
    verdict::ProbeReading reading;
    Reply trouble;
    if (service_fails({}, now_ms, random, trouble)) return reading;
    const bool is_refused = (key.revoked_ms != 0 && now_ms >= key.revoked_ms) || in_trouble(Trouble::Kind::refuses_everybody, {}, now_ms);
    reading.standing = is_refused ? Standing::refused : Standing::good;
    return reading;
}

Reply World::arrive(const std::string& key_id, const std::string& model, double now_ms, Random& random) {
    KeyTruth& key = keys_.at(key_id);
    ++key.running;
    const double delay_ms = is_peace_ ? 50 : delay(random);
    const bool native = provider_->serves_ollama_native;
    const auto finished = [&](Reply reply) {
        reply.delay_ms = delay_ms;
        return reply;
    };
    Reply reply;
    if (service_fails(model, now_ms, random, reply)) return finished(reply);
    if (key.revoked_ms != 0 && now_ms >= key.revoked_ms) return finished(refuse(Cause::revoked, 401, "unauthorized"));
    if (in_trouble(Trouble::Kind::refuses_everybody, model, now_ms)) return finished(refuse(Cause::everybody_refused, 401, "unauthorized"));
    if (is_peace_) return finished(reply);

    const std::uint64_t dice = random.below(200);
    if (dice == 0) return finished(refuse(Cause::client_fault, 400, "you have reached your weekly usage limit of nonsense"));
    if (dice == 1) return finished(refuse(Cause::model_gone, 404, native ? "model 'x' not found" : "No endpoints found for x."));
    if (dice == 2) {
        reply = refuse(Cause::client_left, 200, "");
        reply.transport = verdict::Transport::client_gone;
        return finished(reply);
    }
    if (dice == 3) {
        reply = refuse(Cause::service, 500, "an error was encountered while running the model");
        reply.status = 200;
        reply.in_success = true;
        return finished(reply);
    }
    if (key.excluded.count(model) != 0) {
        return finished(native ? refuse(Cause::not_in_plan, 403, "this model requires a subscription, upgrade for access")
                               : refuse(Cause::not_in_plan, 403, "You do not have permission to use this model."));
    }
    if (key.places != 0 && key.running > key.places && native) return finished(refuse(Cause::crowded, 429, "too many concurrent requests"));
    if (key.free_quota != 0 && is_free(model) && !native) {
        const double day = std::floor(now_ms / kDayMs);
        if (day != key.free_day) key.free_used = 0;
        key.free_day = day;
        if (++key.free_used > key.free_quota) return finished(refuse(Cause::free_tier, 429, "Rate limit exceeded: free-models-per-day"));
    }
    if (key.quota != 0) {
        const double window = std::floor(now_ms / key.window_ms);
        if (window != key.window) key.used = 0;
        key.window = window;
        if (++key.used > key.quota) {
            reply = native ? refuse(Cause::spent, 429, "you (somebody) have reached your weekly usage limit")
                           : refuse(Cause::spent, 402, "Key limit exceeded (weekly limit)");
            const double reset_ms = (window + 1) * key.window_ms;
            if (key.states_reset && random.below(2) == 0) {
                reply.headers.add("retry-after", std::to_string(static_cast<std::int64_t>((reset_ms - now_ms) / 1000) + 1));
            } else if (key.states_reset) {
                reply.headers.add("x-ratelimit-reset", std::to_string(static_cast<std::int64_t>(reset_ms)));
            } else if (random.below(10) == 0) {
                reply.headers.add("retry-after", random.below(2) == 0 ? "-17" : "99999999999999999999");
            }
            return finished(reply);
        }
    }
    return finished(reply);
}

void World::leave(const std::string& key_id) { --keys_.at(key_id).running; }

void World::make_peace() { is_peace_ = true; }

}  // namespace edgepool::sim
