#include "usage/usage.hpp"

#include "usage/answer_facts.hpp"
#include "usage/usage_parts.hpp"

namespace edgepool::usage {
namespace {

constexpr std::size_t kBytesPerToken = 4;

std::int64_t tokens_of(std::size_t bytes) {
    return static_cast<std::int64_t>(bytes / kBytesPerToken) + (bytes % kBytesPerToken != 0 ? 1 : 0);
}

}  // namespace

WholeAnswer read_whole_answer(Dialect dialect, std::string_view body) {
    WholeAnswer answer;
    const std::optional<AnswerFacts> facts = read_answer_facts(body);
    if (!facts) return answer;
    UsageParts parts;
    parts.take(dialect, *facts);
    answer.error = error_of(dialect, *facts);
    answer.usage = parts.total();
    answer.text_bytes = facts->text_bytes;
    answer.is_object = true;
    return answer;
}

Usage estimate(std::size_t request_text_bytes, std::size_t answer_text_bytes) {
    Usage usage;
    usage.prompt = tokens_of(request_text_bytes);
    usage.completion = tokens_of(answer_text_bytes);
    usage.estimated = true;
    return usage;
}

Usage with_unreported_text(Usage reported, std::size_t text_bytes_since) {
    if (text_bytes_since == 0) return reported;
    reported.completion += tokens_of(text_bytes_since);
    reported.estimated = true;
    return reported;
}

}  // namespace edgepool::usage
