#include "verdict/probe.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "json/dom.hpp"
#include "verdict/calendar.hpp"
#include "verdict/reset.hpp"

namespace edgepool::verdict {
namespace {

using json::Json;
using Standing = ProbeReading::Standing;

constexpr double kHighestUsage = 9e6;   // dollars; the database takes figures up to 10^16-1
constexpr double kSpentMs = 3'600'000;  // when the answer does not say until when

const Json* object_of(const Json* from, const char* name) {
    if (from == nullptr || !from->is_object()) return nullptr;
    const auto found = from->find(name);
    return found != from->end() && found->is_object() ? &*found : nullptr;
}

std::optional<double> number_of(const Json* from, const char* name) {
    if (from == nullptr || !from->is_object()) return std::nullopt;
    const auto found = from->find(name);
    return found != from->end() && found->is_number() ? std::optional<double>(found->get<double>()) : std::nullopt;
}

std::optional<double> time_of(const Json* from, const char* name) {
    if (from == nullptr) return std::nullopt;
    const auto text = json::get_string(*from, name);
    return text ? parse_rfc3339(*text) : std::nullopt;
}

double bench_end(std::optional<double> stated_ms, double now_ms) {
    if (!stated_ms || *stated_ms <= now_ms) return now_ms + kSpentMs;
    return std::min(*stated_ms, now_ms + limits::kLongestBenchMs);
}

void set_spent(ProbeReading& reading, std::string_view reason, std::optional<double> until_ms, double now_ms) {
    reading.standing = Standing::spent;
    reading.reason = reason;
    reading.until_ms = bench_end(until_ms, now_ms);
}

// Allowances per window ({session, weekly}) or per period ({balance_usd, allowance_usd, period}), and what was bought beside them.
void read_balance(const Json& root, double now_ms, ProbeReading& reading) {
    const Json* included = object_of(&root, "included");
    if (included == nullptr) included = &root;
    double left = 1;
    bool is_known = false;
    std::optional<double> until_ms;
    const auto take_share = [&](double share, std::optional<double> resets_ms) {
        is_known = true;
        left = std::min(left, std::clamp(share, 0.0, 1.0));
        if (share <= 0 && resets_ms) until_ms = std::max(until_ms.value_or(0), *resets_ms);
    };
    for (const char* window : {"session", "weekly"}) {
        const Json* allowance = object_of(included, window);
        if (const auto percent = number_of(allowance, "remaining_percent")) take_share(*percent / 100, time_of(allowance, "resets_at"));
    }
    const auto balance = number_of(included, "balance_usd");
    const auto allowance = number_of(included, "allowance_usd");
    if (balance && allowance && *allowance > 0) take_share(*balance / *allowance, time_of(object_of(included, "period"), "until"));
    if (!is_known) return;
    reading.standing = Standing::good;
    reading.remaining = left;
    const bool has_bought = number_of(object_of(&root, "purchased"), "balance_usd").value_or(0) > 0;
    if (left <= 0 && !has_bought) set_spent(reading, "usage_spent", until_ms, now_ms);
}

std::optional<double> period_end(const std::string& name, double now_ms) {
    if (name == "daily") return next_start(Period::day, now_ms);
    if (name == "weekly") return next_start(Period::week, now_ms);
    if (name == "monthly") return next_start(Period::month, now_ms);
    return std::nullopt;
}

void read_key_limits(const Json& root, double now_ms, ProbeReading& reading) {
    const Json* data = object_of(&root, "data");
    if (data == nullptr) return;
    reading.standing = Standing::good;
    reading.expires_ms = time_of(data, "expires_at");
    const auto limit = number_of(data, "limit");
    const auto left = number_of(data, "limit_remaining");
    const auto used = number_of(data, "usage");
    if (used && *used >= 0 && *used <= kHighestUsage) reading.used_nano = static_cast<std::int64_t>(*used * 1e9 + 0.5);
    if (limit && left && *limit > 0) reading.remaining = std::clamp(*left / *limit, 0.0, 1.0);
    if (json::get_bool(*data, "is_management_key").value_or(false)) {
        reading.standing = Standing::unsuitable;
        reading.reason = "management_key";
    } else if (reading.expires_ms && *reading.expires_ms <= now_ms) {
        reading.standing = Standing::expired;
        reading.reason = "key_expired";
    } else if (limit && left && *left <= 0) {
        set_spent(reading, "key_limit", period_end(json::get_string(*data, "limit_reset").value_or(std::string()), now_ms), now_ms);
    }
}

// The route refused: what that says about the key itself.
ProbeReading read_refusal(const Verdict& verdict) {
    ProbeReading reading;
    reading.reason = verdict.reason;
    reading.evidence = verdict.evidence;
    if (verdict.refusal || verdict.disable) {
        reading.standing = Standing::refused;
        reading.disable = verdict.disable;
        reading.until_ms = verdict.until_ms;
    } else if (verdict.status == 402 && verdict.until_ms > 0) {
        reading.standing = Standing::spent;
        reading.until_ms = verdict.until_ms;
    }
    return reading;
}

}  // namespace

std::string_view standing_name(Standing standing) {
    switch (standing) {
        case Standing::good: return "good";
        case Standing::spent: return "spent";
        case Standing::refused: return "refused";
        case Standing::expired: return "expired";
        case Standing::unsuitable: return "unsuitable";
        case Standing::unknown: return "unknown";
    }
    return "unknown";
}

ProbeReading read_probe(const Provider& provider, const Answer& answer, double now_ms) {
    const Verdict verdict = judge(provider, answer, now_ms);
    if (verdict.blame != Blame::none || answer.transport != Transport::answered) return read_refusal(verdict);
    ProbeReading reading;
    reading.reason = "unreadable_probe";
    const auto root = json::parse(answer.body);
    if (!root || !root->is_object()) return reading;
    switch (provider.probe_format) {
        case ProbeFormat::none: break;
        case ProbeFormat::balance: read_balance(*root, now_ms, reading); break;
        case ProbeFormat::key_limits: read_key_limits(*root, now_ms, reading); break;
    }
    if (reading.standing == Standing::good) reading.reason.clear();
    if (reading.standing != Standing::good) reading.evidence = "key information: " + reading.reason;
    return reading;
}

}  // namespace edgepool::verdict
