// Verdicts on answers that no document shows: resets that cannot be true, bodies that are no JSON, failures of the connection.
#include "base/limits.hpp"
#include "provider/provider.hpp"
#include "support/catch.hpp"
#include "verdict/verdict.hpp"

using namespace edgepool;
using verdict::Answer;
using verdict::Blame;
using verdict::Transport;
using verdict::Verdict;

namespace {

constexpr double kNowMs = 1795435200000.0;
constexpr double kSecondMs = 1'000;
constexpr double kHourMs = 3'600'000;

const Provider& ollama() { return *find_provider("ollama"); }
const Provider& openrouter() { return *find_provider("openrouter"); }

Verdict judged(const Provider& provider, int status, std::string_view body, const Headers& headers = {}) {
    Answer answer;
    answer.status = status;
    answer.headers = &headers;
    answer.body = body;
    answer.model = "m";
    return judge(provider, answer, kNowMs);
}

double bench_ms(const Verdict& verdict) { return verdict.until_ms - kNowMs; }

}  // namespace

TEST_CASE("a success is nobody's fault") {
    const Verdict verdict = judged(ollama(), 200, "{}");
    CHECK(verdict.blame == Blame::none);
    CHECK_FALSE(verdict.retry);
}

TEST_CASE("a failing connection is the upstream's fault, a client that left and the pool's own time limit nobody's") {
    for (const Transport transport : {Transport::timeout, Transport::stalled, Transport::unreachable, Transport::cut}) {
        Answer answer;
        answer.transport = transport;
        const Verdict verdict = judge(ollama(), answer, kNowMs);
        CHECK(verdict.blame == Blame::upstream);
        CHECK(verdict.retry);
        CHECK(verdict.until_ms == 0);
        CHECK(verdict.incident_evidence);
    }
    for (const Transport transport : {Transport::client_gone, Transport::out_of_time}) {
        Answer ended;
        ended.transport = transport;
        CHECK(judge(ollama(), ended, kNowMs).blame == Blame::none);
        CHECK_FALSE(judge(ollama(), ended, kNowMs).retry);
        CHECK_FALSE(judge(ollama(), ended, kNowMs).incident_evidence);
    }
}

TEST_CASE("a bench ends when Retry-After says, in seconds or as a date") {
    CHECK(bench_ms(judged(openrouter(), 429, "{}", {{"retry-after", "7"}})) == 7 * kSecondMs);
    CHECK(bench_ms(judged(openrouter(), 429, "{}", {{"retry-after", "1.5"}})) == 1.5 * kSecondMs);
    CHECK(bench_ms(judged(openrouter(), 429, "{}", {{"retry-after", "0"}})) == kSecondMs);
    CHECK(bench_ms(judged(openrouter(), 429, "{}", {{"retry-after", "Mon, 23 Nov 2026 12:00:30 GMT"}})) == 30 * kSecondMs);
}

TEST_CASE("X-RateLimit-Reset is read as epoch in milliseconds or seconds, or as a span") {
    for (const char* value : {"1795435245000", "1795435245", "45", "2026-11-23T12:00:45Z"}) {
        INFO(value);
        CHECK(bench_ms(judged(openrouter(), 429, "{}", {{"x-ratelimit-reset", value}})) == 45 * kSecondMs);
    }
}

TEST_CASE("resets that cannot be true give the rule's own time") {
    for (const char* value : {"-5", "NaN", "soon", "", "99999999999999999999", "Mon, 23 Nov 2026 11:59:59 GMT", "Mon, 30 Nov 1970 00:00:00 GMT",
                              "Tue, 30 Nov 2077 00:00:00 GMT", "31622401"}) {
        INFO(value);
        CHECK(bench_ms(judged(openrouter(), 429, "{}", {{"retry-after", value}})) == 60 * kSecondMs);
        CHECK(bench_ms(judged(openrouter(), 429, "{}", {{"x-ratelimit-reset", value}})) == 60 * kSecondMs);
    }
}

TEST_CASE("a reset more than a week away is cut to a week") {
    CHECK(bench_ms(judged(openrouter(), 429, "{}", {{"retry-after", "604800"}})) == limits::kLongestBenchMs);
    CHECK(bench_ms(judged(openrouter(), 429, "{}", {{"retry-after", "604801"}})) == limits::kLongestBenchMs);
    CHECK(bench_ms(judged(openrouter(), 429, "{}", {{"retry-after", "8000000"}})) == limits::kLongestBenchMs);
}

TEST_CASE("where headers contradict each other a plain refusal believes Retry-After and a quota its reset") {
    const Headers both = {{"retry-after", "5"}, {"x-ratelimit-reset", "1795438800000"}};
    CHECK(bench_ms(judged(openrouter(), 429, "{}", both)) == 5 * kSecondMs);
    CHECK(bench_ms(judged(openrouter(), 429, R"({"error":{"message":"free-models-per-day"}})", both)) == kHourMs);
    const Headers one_is_absurd = {{"retry-after", "5"}, {"x-ratelimit-reset", "12345678901234567"}};
    CHECK(bench_ms(judged(openrouter(), 429, R"({"error":{"message":"free-models-per-day"}})", one_is_absurd)) == 5 * kSecondMs);
}

TEST_CASE("a daily limit without a time ends at the next UTC midnight") {
    CHECK(bench_ms(judged(openrouter(), 429, R"({"error":{"message":"Rate limit exceeded: free-models-per-day"}})")) == 12 * kHourMs);
    CHECK(bench_ms(judged(openrouter(), 402, R"({"error":{"message":"Key limit exceeded (daily limit)."}})")) == 12 * kHourMs);
    CHECK(bench_ms(judged(openrouter(), 402, R"({"error":{"message":"no","metadata":{"limit_source":"openrouter_key_limit","limit_reset":"daily"}}})")) ==
          12 * kHourMs);
}

TEST_CASE("a web page in the place of an answer never blames a key") {
    const std::string_view page = "<!DOCTYPE html><html><body>403 Forbidden: you have reached your weekly usage limit</body></html>";
    for (const int status : {401, 402, 403, 404, 429, 500, 502, 503, 520, 530}) {
        const Verdict verdict = judged(ollama(), status, page);
        INFO(status);
        CHECK(verdict.blame == Blame::upstream);
        CHECK_FALSE(verdict.refusal);
        CHECK_FALSE(verdict.disable);
        CHECK(verdict.until_ms == 0);
    }
    CHECK(judged(ollama(), 413, page).blame == Blame::client);
    CHECK(judged(ollama(), 403, "Forbidden", {{"content-type", "text/html"}}).blame == Blame::upstream);
}

TEST_CASE("what a client wrote and a provider quotes is not taken for the provider's own word") {
    CHECK(judged(ollama(), 400, R"({"error":"invalid value: you have reached your weekly usage limit"})").blame == Blame::client);
    const Verdict moderated = judged(openrouter(), 403, R"({"error":{"message":"flagged","metadata":{"flagged_input":"Key limit exceeded","reasons":["x"]}}})");
    CHECK(moderated.blame == Blame::client);
    CHECK(judged(openrouter(), 403, R"({"error":{"message":"flagged","metadata":{"flagged_input":"\"limit_source\":\"openrouter_key_limit\""}}})").blame ==
          Blame::client);
}

TEST_CASE("empty, broken and enormous bodies are judged by their status") {
    const std::string enormous(1 << 20, 'x');
    for (const std::string_view body : {std::string_view(), std::string_view("{"), std::string_view("\0\xFF\xFE", 3), std::string_view("null"),
                                        std::string_view("[]"), std::string_view("\"text\""), std::string_view("{\"error\":null}"), std::string_view(enormous)}) {
        CHECK(judged(ollama(), 401, body).reason == "key_refused");
        CHECK(judged(ollama(), 429, body).reason == "rate_limited");
        CHECK(judged(openrouter(), 503, body).reason == "overloaded");
        CHECK(judged(openrouter(), 400, body).reason == "request_refused");
        CHECK(judged(ollama(), 401, body).evidence.size() <= limits::kMaxEvidenceBytes);
    }
}

TEST_CASE("statuses outside all tables blame no key") {
    for (const int status : {0, 100, 204 + 100, 301, 399, 499, 599, 999, -1}) {
        const Verdict verdict = judged(openrouter(), status, "{}");
        INFO(status);
        CHECK((verdict.blame == Blame::upstream || verdict.blame == Blame::client));
        CHECK(verdict.until_ms == 0);
    }
}

TEST_CASE("an error inside a success takes the status that it names, as a number, as text or by its type") {
    const auto inside = [](std::string_view body) {
        Answer answer;
        answer.status = 200;
        answer.in_success = true;
        answer.body = body;
        answer.model = "m";
        return judge(*find_provider("openrouter"), answer, kNowMs);
    };
    CHECK(inside(R"({"error":{"code":429,"message":"x"}})").status == 429);
    CHECK(inside(R"({"error":{"code":"429","message":"x"}})").status == 429);
    CHECK(inside(R"({"type":"error","error":{"type":"overloaded_error","message":"x"}})").status == 529);
    CHECK(inside(R"({"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"x"}}})").status == 429);
    CHECK(inside(R"({"error":"text"})").status == 500);
    CHECK(inside(R"({"error":{"code":99999,"message":"x"}})").status == 500);
    CHECK(inside("").blame == Blame::upstream);
}

TEST_CASE("without a model there is no pair to bench") {
    Answer answer;
    answer.status = 403;
    answer.body = R"({"error":"this model requires a subscription"})";
    const Verdict verdict = judge(ollama(), answer, kNowMs);
    CHECK(verdict.blame == Blame::key_model);
    CHECK(verdict.until_ms == 0);
}

TEST_CASE("evidence keeps no key, token, address or account name") {
    Answer answer;
    answer.status = 401;
    answer.secret = "the-very-key-123";
    answer.body =
        R"({"error":{"message":"key sk-or-v1-0123456789abcdef of me@example.com (Bearer abc.def) the-very-key-123 0a1b2c3d4e5f60718293a4b5 you (Jane Doe) have"}})";
    const std::string evidence = judge(ollama(), answer, kNowMs).evidence;
    for (const char* secret : {"sk-or", "0123456789abcdef", "example.com", "abc.def", "the-very-key", "0a1b2c3d", "Jane"}) {
        INFO(evidence << " / " << secret);
        CHECK(evidence.find(secret) == std::string::npos);
    }
    CHECK(evidence.find("401: key ***") == 0);
}

TEST_CASE("a client sees a provider's error byte for byte, but for the upstream account") {
    const auto shown = [](std::string_view body) { return verdict::redact_for_client(*find_provider("ollama"), body, "the-very-key-123"); };
    const std::string_view plain = "{ \"error\" : \"(you) may  have\\u00e9 failed\", \"id\":\"0123456789abcdef0123\" }\n";
    CHECK(shown(plain) == plain);
    CHECK(shown(R"({"error":"you (Jane \"J\" Doe) have reached"})") == R"({"error":"you have reached"})");
    CHECK(shown("you (a) have and you (b) are") == "you have and you are");
    CHECK(shown("you (never closed have") == "you (never closed have");
    CHECK(shown("bad key the-very-key-123!") == "bad key ***!");
    const auto routed = [](std::string_view body) { return verdict::redact_for_client(*find_provider("openrouter"), body); };
    CHECK(routed(R"({"error":{"code":1}, "user_id" : "user_2x"})") == R"({"error":{"code":1}, "user_id" : ""})");
    CHECK(routed(R"({"user_id":null,"user_id":"a\"b"})") == R"({"user_id":null,"user_id":""})");
    CHECK(routed(R"({"user_id":)") == R"({"user_id":)");
    CHECK(routed(R"({"user_id":"cut off)").find("cut") == std::string::npos);
}
