#include "conformance/verdict_table.hpp"

#include <cmath>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "keys/incident_guard.hpp"
#include "keys/key_slot.hpp"
#include "keys/places.hpp"
#include "provider/provider.hpp"
#include "verdict/rule.hpp"

namespace edgepool::conformance {
namespace {

using keys::IncidentGuard;
using keys::KeySlot;
using keys::Places;
using verdict::Blame;
using verdict::Resets;
using verdict::Rule;
using verdict::Says;

std::string whole(double value) { return std::to_string(static_cast<long long>(std::llround(value))); }

std::string duration(double ms) {
    const double hours = ms / 3'600'000;
    if (hours >= 48 && std::fmod(hours, 24) == 0) return whole(hours / 24) + " days";
    if (hours >= 1 && std::fmod(hours, 1) == 0) return whole(hours) + " h";
    if (ms >= 120'000 && std::fmod(ms, 60'000) == 0) return whole(ms / 60'000) + " min";
    return whole(ms / 1'000) + " s";
}

std::string statuses(const verdict::Statuses& status) {
    const auto codes = status.codes();
    if (status.is_range()) return codes[0] == 0 ? "any other" : std::to_string(codes[0]) + "–" + std::to_string(codes[1]);
    std::string out;
    for (const auto code : codes) out += (out.empty() ? "" : ", ") + std::to_string(code);
    return out;
}

std::string needles(std::string_view text) {
    std::string out;
    for (const std::string_view needle : split(text, '|')) out += (out.empty() ? "`" : " or `") + std::string(needle) + "`";
    return out;
}

std::string says(const Says& condition) {
    const std::string member = "`" + std::string(condition.member) + "`";
    switch (condition.how) {
        case Says::How::anything: return "anything";
        case Says::How::html: return "a web page";
        case Says::How::about_model: return "a message about the model";
        case Says::How::present: return member + " is there";
        case Says::How::equals: return member + " is " + needles(condition.needles);
        case Says::How::contains: return (condition.member == "message" ? "message with " : member + " with ") + needles(condition.needles);
    }
    return {};
}

std::string bench(const Rule& rule) {
    if ((rule.effects & Rule::kDisable) != 0) return "disabled until enabled by hand";
    const bool has_bench = rule.blame == Blame::key || rule.blame == Blame::key_model || rule.blame == Blame::account;
    if (!has_bench) return rule.bench.resets == Resets::none ? "–" : "none; Retry-After is passed on";
    if (rule.bench.otherwise_ms == 0) return "none";
    if (rule.bench.resets == Resets::none) return duration(rule.bench.otherwise_ms);
    const std::string stated = rule.bench.resets == Resets::quota ? "until the stated reset" : "as long as Retry-After says";
    return stated + ", else " + duration(rule.bench.otherwise_ms);
}

std::string effects(const Rule& rule) {
    std::string out;
    const auto add = [&](unsigned effect, const std::string& text) {
        if ((rule.effects & effect) != 0) out += (out.empty() ? "" : "; ") + text;
    };
    add(Rule::kRefusal, "counts as a refusal");
    add(Rule::kConcurrency, "lowers the ceiling");
    add(Rule::kWholeFamily, "for all models `" + std::string(rule.family) + "`");
    add(Rule::kIncident, "evidence for an incident");
    return out.empty() ? "–" : out;
}

std::string blame(Blame who) {
    return who == Blame::key_model ? "key × model" : std::string(blame_name(who));
}

std::string table(std::span<const Rule> rules) {
    std::string out = "| status | the answer says | blame | reason | bench | besides |\n|---|---|---|---|---|---|\n";
    for (const Rule& rule : rules) {
        out += "| " + statuses(rule.status) + " | " + says(rule.says) + " | " + blame(rule.blame) + " | `" + std::string(rule.reason) + "` | " + bench(rule) +
               " | " + effects(rule) + " |\n";
    }
    return out;
}

std::string life() {
    return "## The life of a key\n\n"
           "- **Active.** Drawn by `KEY_STRATEGY`: `p2c` (the better of two by load, recent failures and quota left), `round_robin`, `random`, "
           "`affinity`. A request never draws the same key twice.\n"
           "- **Benched**, with a reason, an end and evidence; never longer than " +
           duration(limits::kLongestBenchMs) +
           ". A time that the answer states is believed when it lies in the future and within a year; otherwise the rule's own time holds.\n"
           "- **Half-open** when its time has passed: one request probes, the others take other keys. A probe that decides nothing (the client left, "
           "the request was wrong, the service failed) leaves the decision to the next one; one without an answer for " +
           duration(Places::kProbePatienceMs) +
           " holds nobody up any more.\n"
           "- **Ramping up** after a good probe: two attempts at once, doubled by every success, without bound from " +
           std::to_string(KeySlot::kFullRamp) +
           " on.\n"
           "- **Disabled** when it was refused " +
           std::to_string(KeySlot::kRefusalsToDisable) +
           " times in a row (attempts that ran side by side count once) and the provider's key-information route, asked in the background while "
           "the key is benched, refuses it as well; by an account's verdict, or by hand. A route that accepts the key leaves it the bench of a "
           "single refusal, and the count begins anew; one that says nothing (a network error, a 5xx, a 429) leaves the bench, and the next refusal "
           "asks again. Not more questions in a minute and isolate than the provider allows an account; none decides during an incident. A "
           "provider without such a route would be taken at its word. **Expired** by its own date.\n"
           "- **Benched for a model** or a family of models, beside all that; the key serves the others.\n"
           "- **Ceiling**: a refusal for concurrency sets the attempts allowed at once to what was running, and is told to the other isolates when "
           "it is lower than before; after " +
           duration(KeySlot::kCeilingRestMs) +
           " without another it is raised by a quarter, at least by one.\n"
           "- Cool-offs of at most " +
           duration(KeySlot::kCoolOffMs) +
           " stay in the isolate that met them: they would be over before anybody had read of them.\n"
           "- A place whose request vanished without a word is free again after " +
           duration(Places::kLifetimeMs) +
           ".\n- A newer verdict overwrites an older one, never the other way round; times are the database's.\n\n"
           "## Incidents\n\n"
           "When it is not the keys, benching them would only finish the pool off. Failures of the service (blame: upstream) blame no key anyway; " +
           std::to_string(IncidentGuard::kServiceFailures) + " of them within " +
           duration(IncidentGuard::kServiceWindowMs) +
           " from at least " +
           std::to_string(IncidentGuard::kServiceKeys) + " keys (or all, where there are fewer), making up " + whole(100 * IncidentGuard::kShareAlike) +
           " % of what happened, are an incident: of one model as long as "
           "only that model fails, else of the provider. Refusals of keys count only from keys that were in good standing, and only when at least " +
           std::to_string(IncidentGuard::kRefusedKeys) + " (half of the set, but no more than " + std::to_string(IncidentGuard::kMostRefusedKeys) +
           ") fall within " +
           duration(IncidentGuard::kRefusalWindowMs) +
           ": three revoked keys are three revoked keys. The benches that led up to it are taken back.\n\n"
           "While an incident lasts requests fail fast with Retry-After, one probe passes every " +
           duration(IncidentGuard::kFirstPauseMs) + " to " + duration(IncidentGuard::kLongestPauseMs) +
           ", and the first success ends it. Without any failure for " +
           duration(IncidentGuard::kForgetMs) +
           " it is forgotten. Refusals of everybody that go on for " +
           duration(IncidentGuard::kPatienceMs) + " without a single success are believed after all.\n";
}

}  // namespace

std::string verdicts_document() {
    std::string out =
        "# Verdicts: who is to blame, and for how long\n\n"
        "Generated from the rules in `src/provider/` and `src/verdict/rule.cpp`; a test keeps it true. To renew it: "
        "`EDGEPOOL_UPDATE_DOCS=1 build/dev/tests/conformance_tests \"docs/VERDICTS.md*\"`.\n\n"
        "Rules are tried from the top, the provider's own first; the first that fits decides. Blame on a key, a key × model, an account or the "
        "upstream lets the request try another key; blame on the client or the model goes back to the client as it is. \"Anything\" is anything but a "
        "web page: a page is a proxy's word, not the provider's. An error inside a success is judged by the status that it names or means.\n\n";
    for (const Provider& provider : providers()) {
        out += "## " + std::string(provider.title) + " (`" + std::string(provider.id) + "`)\n\n" + table(provider.rules) + "\n";
    }
    out += "## Every provider\n\n" + table(verdict::common_rules()) +
           "\nNo answer at all (`first_byte_timeout`, `idle_timeout`, `unreachable`, `connection_cut`) is the upstream's fault; a client that left (`client_gone`) is nobody's, and so is the pool's own limit for the whole request (`request_timeout`).\n\n";
    return out + life();
}

}  // namespace edgepool::conformance
