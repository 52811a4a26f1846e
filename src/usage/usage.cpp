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

Usage usage_from_answer(Dialect dialect, std::string_view body) {
    UsageParts parts;
    if (const std::optional<AnswerFacts> facts = read_answer_facts(body)) parts.take(dialect, *facts);
    return parts.total();
}

Usage estimate(std::size_t request_text_bytes, std::size_t answer_text_bytes) {
    Usage usage;
    usage.prompt = tokens_of(request_text_bytes);
    usage.completion = tokens_of(answer_text_bytes);
    usage.estimated = true;
    return usage;
}

std::optional<std::string> error_in_answer(Dialect dialect, std::string_view body) {
    const std::optional<AnswerFacts> facts = read_answer_facts(body);
    return facts ? error_of(dialect, *facts) : std::nullopt;
}

std::uint64_t text_bytes_of_answer(std::string_view body) {
    const std::optional<AnswerFacts> facts = read_answer_facts(body);
    return facts ? facts->text_bytes : 0;
}

}  // namespace edgepool::usage
