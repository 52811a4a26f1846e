#include "verdict/verdict.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "provider/provider.hpp"
#include "verdict/error_facts.hpp"
#include "verdict/masking.hpp"
#include "verdict/reset.hpp"

namespace edgepool::verdict {
namespace {

constexpr std::size_t kEvidenceSourceBytes = 4 * limits::kMaxEvidenceBytes;  // masking shortens: what is looked at may be longer

bool may_retry(Blame blame) { return blame == Blame::key || blame == Blame::key_model || blame == Blame::account || blame == Blame::upstream; }

// One line, without control characters.
std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool blank = static_cast<unsigned char>(c) <= ' ';
        if (!blank) out.push_back(c);
        else if (!out.empty() && out.back() != ' ') out.push_back(' ');
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

std::string evidence_of(const Provider& provider, const Answer& answer, const ErrorFacts& facts) {
    const std::string_view source = facts.message().empty() ? answer.body : std::string_view(facts.message());
    const std::string text = hide_account(provider.hidden_in_errors, clip_utf8(source, kEvidenceSourceBytes));
    const std::string line = std::to_string(facts.status()) + ": " + one_line(mask_everything(text, answer.secret));
    return std::string(clip_utf8(valid_utf8(line), limits::kMaxEvidenceBytes));
}

std::string_view transport_reason(Transport transport) {
    switch (transport) {
        case Transport::timeout: return "first_byte_timeout";
        case Transport::stalled: return "idle_timeout";
        case Transport::out_of_time: return "request_timeout";
        case Transport::unreachable: return "unreachable";
        case Transport::cut: return "connection_cut";
        case Transport::client_gone: return "client_gone";
        case Transport::answered: break;
    }
    return "answered";
}

Verdict without_answer(Transport transport) {
    Verdict verdict;
    verdict.reason = transport_reason(transport);
    if (transport == Transport::client_gone || transport == Transport::out_of_time) return verdict;
    verdict.blame = Blame::upstream;
    verdict.retry = true;
    verdict.incident_evidence = true;
    verdict.evidence = verdict.reason;
    return verdict;
}

const Rule* first_fitting(std::span<const Rule> rules, const ErrorFacts& facts) {
    const auto found = std::find_if(rules.begin(), rules.end(),
                                    [&](const Rule& rule) { return rule.status.contains(facts.status()) && facts.fits(rule.says); });
    return found == rules.end() ? nullptr : &*found;
}

bool benches(Blame blame) { return blame == Blame::key || blame == Blame::key_model || blame == Blame::account; }

void set_bench(Verdict& verdict, const Rule& rule, const Answer& answer, const ErrorFacts& facts, double now_ms) {
    const auto stated_ms = stated_reset(rule.bench.resets, facts, answer.headers, now_ms);
    if (!benches(rule.blame)) {
        verdict.retry_after_ms = stated_ms ? *stated_ms - now_ms : 0;
        return;
    }
    if (rule.blame == Blame::key_model) {
        verdict.model = (rule.effects & Rule::kWholeFamily) != 0 ? rule.family : answer.model;
        if (verdict.model.empty()) return;  // a request without a model: there is no pair to bench
    }
    if (rule.bench.resets == Resets::none && rule.bench.otherwise_ms == 0) return;
    verdict.until_ms = stated_ms.value_or(now_ms + std::min(rule.bench.otherwise_ms, limits::kLongestBenchMs));
}

}  // namespace

Verdict judge(const Provider& provider, const Answer& answer, double now_ms) {
    if (answer.transport != Transport::answered) return without_answer(answer.transport);
    if (answer.status >= 200 && answer.status < 300 && !answer.in_success) {
        Verdict fine;
        fine.reason = "success";
        fine.status = answer.status;
        return fine;
    }
    const ErrorFacts facts(answer);
    const Rule* rule = first_fitting(provider.rules, facts);
    if (rule == nullptr) rule = first_fitting(common_rules(), facts);
    Verdict verdict;
    verdict.blame = rule == nullptr ? Blame::upstream : rule->blame;
    verdict.reason = rule == nullptr ? std::string_view("unexpected_status") : rule->reason;
    verdict.status = facts.status();
    verdict.retry = may_retry(verdict.blame);
    verdict.evidence = evidence_of(provider, answer, facts);
    if (rule == nullptr) return verdict;
    verdict.refusal = (rule->effects & Rule::kRefusal) != 0;
    verdict.disable = (rule->effects & Rule::kDisable) != 0;
    verdict.concurrency = (rule->effects & Rule::kConcurrency) != 0;
    verdict.incident_evidence = (rule->effects & Rule::kIncident) != 0;
    set_bench(verdict, *rule, answer, facts, now_ms);
    return verdict;
}

std::string redact_for_client(const Provider& provider, std::string_view body, std::string_view secret) {
    return mask_keys(hide_account(provider.hidden_in_errors, body), secret);
}

}  // namespace edgepool::verdict
