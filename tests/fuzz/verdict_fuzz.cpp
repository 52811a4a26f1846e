// Whatever a provider answers: the verdict is within its bounds, and neither evidence nor what a client sees holds the key. The input chooses
// the provider, the status, a few headers and the body.
#include <string>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "fuzz/fuzz_check.hpp"
#include "provider/provider.hpp"
#include "verdict/probe.hpp"
#include "verdict/verdict.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

constexpr double kNowMs = 1'800'000'000'000;
constexpr std::string_view kSecret = "sk-or-v1-0123456789abcdef0123456789abcdef";
constexpr int kStatuses[] = {200, 400, 401, 402, 403, 404, 408, 410, 413, 422, 429, 500, 502, 503, 504, 524, 529, 302, 999, 0};
constexpr std::string_view kNames[] = {"retry-after", "x-ratelimit-reset", "content-type", "x-ratelimit-remaining"};

void check_text(std::string_view text) {
    check(text.find(kSecret) == std::string_view::npos);
    check(valid_utf8(text) == text);
}

void check_verdict(const verdict::Verdict& verdict) {
    check(verdict.until_ms == 0 || (verdict.until_ms > kNowMs && verdict.until_ms <= kNowMs + limits::kLongestBenchMs));
    check(verdict.retry_after_ms >= 0 && verdict.retry_after_ms <= limits::kLongestBenchMs);
    check(!verdict.reason.empty() || verdict.blame == verdict::Blame::none);
    check(verdict.blame != verdict::Blame::client || (!verdict.retry && verdict.until_ms == 0 && !verdict.disable && !verdict.refusal));
    check(verdict.blame != verdict::Blame::key_model || !verdict.model.empty());
    check(verdict.evidence.size() <= limits::kMaxEvidenceBytes);
    check_text(verdict.evidence);
}

void check_probe(const verdict::ProbeReading& reading) {
    check(reading.evidence.size() <= limits::kMaxEvidenceBytes);
    check_text(reading.evidence);
    check(!reading.remaining || (*reading.remaining >= 0 && *reading.remaining <= 1));
    check(reading.until_ms <= kNowMs + limits::kLongestBenchMs);
    check(!reading.disable || reading.standing != verdict::ProbeReading::Standing::good);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Choices choices(data, size);
    const Provider& provider = providers()[choices.below(providers().size())];
    verdict::Answer answer;
    answer.transport = static_cast<verdict::Transport>(choices.below(8) > 4 ? 0 : choices.below(5));
    answer.status = kStatuses[choices.below(std::size(kStatuses))];
    answer.in_success = choices.below(2) == 1;
    Headers headers;
    for (std::size_t left = choices.below(3); left > 0; --left) headers.add(kNames[choices.below(std::size(kNames))], choices.text());
    answer.headers = &headers;
    answer.model = "gpt-oss:20b";
    answer.secret = kSecret;
    std::string body(choices.text());
    // Where the input asks for it the body quotes the key.
    for (std::size_t mark = body.find('\1'); mark != std::string::npos; mark = body.find('\1')) body.replace(mark, 1, kSecret);
    answer.body = body;

    check_verdict(verdict::judge(provider, answer, kNowMs));
    check_probe(verdict::read_probe(provider, answer, kNowMs));
    const std::string seen = verdict::redact_for_client(provider, body, kSecret);
    check(seen.find(kSecret) == std::string::npos);
    check(verdict::redact_for_client(provider, seen, kSecret) == seen);
    return 0;
}
