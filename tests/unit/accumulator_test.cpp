#include "stats/accumulator.hpp"

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using stats::Accumulator;
using stats::AttemptEnd;
using stats::Batch;
using stats::RequestEnd;

namespace {

constexpr double kHourMs = 3'600'000;
constexpr double kStartMs = 500'000 * kHourMs;

usage::Usage used(std::int64_t prompt, std::int64_t completion) {
    usage::Usage usage;
    usage.prompt = prompt;
    usage.completion = completion;
    usage.cached = 1;
    usage.reasoning = 2;
    usage.cost_nano = 1'000;
    usage.reported = true;
    return usage;
}

}  // namespace

TEST_CASE("requests add up by model and hour, and by token") {
    Accumulator counts;
    CHECK(counts.empty());
    counts.add_request("t1", "m", RequestEnd::success, used(10, 20), kStartMs + 1);
    counts.add_request("t1", "m", RequestEnd::failure, used(1, 2), kStartMs + kHourMs - 1);
    counts.add_request("t2", "m", RequestEnd::success, {}, kStartMs + kHourMs);
    counts.add_request("", "n", RequestEnd::success, {}, kStartMs);
    const Batch batch = counts.cut("id", 100, kStartMs + 5);
    CHECK(counts.empty());
    CHECK(batch.id == "id");
    CHECK(batch.at_ms == kStartMs + 5);
    REQUIRE(batch.models.size() == 3);
    CHECK(batch.models[0].model == "m");
    CHECK(batch.models[0].hour_ms == kStartMs);
    CHECK(batch.models[0].requests == 2);
    CHECK(batch.models[0].success == 1);
    CHECK(batch.models[0].failure == 1);
    CHECK(batch.models[0].prompt == 11);
    CHECK(batch.models[0].completion == 22);
    CHECK(batch.models[0].cached == 2);
    CHECK(batch.models[0].reasoning == 4);
    CHECK(batch.models[0].cost_nano == 2'000);
    CHECK(batch.models[0].estimated == 0);
    CHECK(batch.models[1].hour_ms == kStartMs + kHourMs);
    CHECK(batch.models[2].model == "n");
    REQUIRE(batch.tokens.size() == 2);
    CHECK(batch.tokens[0].requests == 2);
    CHECK(batch.tokens[0].last_used_ms == kStartMs + kHourMs - 1);
}

TEST_CASE("the time to the first byte adds up over the successes for which it is known, within bounds") {
    Accumulator counts;
    counts.add_request("", "m", RequestEnd::success, {}, kStartMs, 120.9);
    counts.add_request("", "m", RequestEnd::success, {}, kStartMs, 80);
    counts.add_request("", "m", RequestEnd::success, {}, kStartMs);
    counts.add_request("", "m", RequestEnd::failure, {}, kStartMs, 7'000);
    counts.add_request("", "back", RequestEnd::success, {}, kStartMs, -5);
    counts.add_request("", "long", RequestEnd::success, {}, kStartMs, 24 * kHourMs + 1);
    const Batch batch = counts.cut("id", 100, kStartMs);
    REQUIRE(batch.models.size() == 3);
    CHECK(batch.models[0].latency_ms == 0);
    CHECK(batch.models[0].latency_count == 1);
    CHECK(batch.models[1].latency_ms == static_cast<std::int64_t>(24 * kHourMs));
    CHECK(batch.models[2].latency_ms == 200);
    CHECK(batch.models[2].latency_count == 2);
}

TEST_CASE("estimated tokens are counted as tokens and as estimates") {
    Accumulator counts;
    usage::Usage guess = used(10, 20);
    guess.estimated = true;
    counts.add_request("t", "m", RequestEnd::success, guess, kStartMs);
    const Batch batch = counts.cut("id", 100, kStartMs);
    CHECK(batch.models[0].estimated == 30);
    CHECK(batch.models[0].prompt == 10);
}

TEST_CASE("a key's streak of failures is the one after its last success; what was not its doing does not lengthen it") {
    Accumulator counts;
    counts.add_attempt("k", AttemptEnd::failure, {}, kStartMs);
    counts.add_attempt("k", AttemptEnd::success, {}, kStartMs + 1);
    counts.add_attempt("k", AttemptEnd::failure, {}, kStartMs + 2);
    counts.add_attempt("k", AttemptEnd::blameless_failure, {}, kStartMs + 3);
    counts.add_attempt("l", AttemptEnd::failure, {}, kStartMs);
    counts.add_attempt("l", AttemptEnd::failure, {}, kStartMs);
    const Batch batch = counts.cut("id", 100, kStartMs);
    REQUIRE(batch.keys.size() == 2);
    CHECK(batch.keys[0].requests == 4);
    CHECK(batch.keys[0].failure == 3);
    CHECK(batch.keys[0].fails == 1);
    CHECK(batch.keys[0].fails_reset);
    CHECK(batch.keys[0].last_success_ms == kStartMs + 1);
    CHECK(batch.keys[0].last_failure_ms == kStartMs + 3);
    CHECK(batch.keys[0].last_used_ms == kStartMs + 3);
    CHECK(batch.keys[1].fails == 2);
    CHECK_FALSE(batch.keys[1].fails_reset);
    CHECK_FALSE(batch.keys[1].last_success_ms.has_value());
}

TEST_CASE("a batch holds at most the rows asked for, verdicts first, and nothing is cut twice or lost") {
    Accumulator counts;
    for (int i = 0; i < 30; ++i) {
        counts.add_request("t" + std::to_string(i % 7), "m" + std::to_string(i), RequestEnd::success, {}, kStartMs);
        counts.add_attempt("k" + std::to_string(i % 11), AttemptEnd::success, {}, kStartMs);
        keys::VerdictRecord verdict;
        verdict.id = "k" + std::to_string(i);
        counts.add_verdicts({verdict});
    }
    CHECK(counts.rows() == 30 + 7 + 11 + 30);
    std::int64_t by_model = 0, by_token = 0, by_key = 0;
    std::size_t verdicts = 0, batches = 0;
    while (!counts.empty()) {
        const Batch batch = counts.cut(std::to_string(batches), 13, kStartMs);
        CHECK(batch.rows() <= 13);
        CHECK(batch.rows() > 0);
        if (batches < 2) CHECK(batch.verdicts.size() == 13);
        for (const auto& row : batch.models) by_model += row.requests;
        for (const auto& row : batch.tokens) by_token += row.requests;
        for (const auto& row : batch.keys) by_key += row.requests;
        verdicts += batch.verdicts.size();
        ++batches;
    }
    CHECK(batches == 6);
    CHECK(by_model == 30);
    CHECK(by_token == 30);
    CHECK(by_key == 30);
    CHECK(verdicts == 30);
}

TEST_CASE("of the verdicts of a key, and of each of its models, the newest waits") {
    Accumulator counts;
    const auto add = [&](const char* id, const char* model, const char* reason, double at_ms) {
        keys::VerdictRecord verdict;
        verdict.id = id;
        verdict.model = model;
        verdict.reason = reason;
        verdict.at_ms = at_ms;
        counts.add_verdicts({verdict});
    };
    for (int i = 0; i < 100; ++i) add("k1", "", i == 99 ? "last" : "earlier", kStartMs + i / 2);
    add("k1", "", "late", kStartMs - 1);
    add("k1", "m", "of the model", kStartMs);
    add("k2", "m", "of another key", kStartMs);
    CHECK(counts.rows() == 3);
    const Batch batch = counts.cut("id", 100, kStartMs);
    REQUIRE(batch.verdicts.size() == 3);
    CHECK(batch.verdicts[0].reason == "last");
    CHECK(batch.verdicts[1].reason == "of the model");
    CHECK(batch.verdicts[2].reason == "of another key");
    CHECK(counts.empty());
}

TEST_CASE("past its bound of waiting verdicts those of further models are dropped, those of keys never") {
    Accumulator counts;
    const auto verdict_on = [](std::string id, std::string model, std::string reason) {
        keys::VerdictRecord verdict;
        verdict.id = std::move(id);
        verdict.model = std::move(model);
        verdict.reason = std::move(reason);
        return verdict;
    };
    for (std::size_t i = 0; i < limits::kMaxWaitingVerdicts; ++i) counts.add_verdicts({verdict_on("k1", "m" + std::to_string(i), "old")});
    CHECK(counts.rows() == limits::kMaxWaitingVerdicts);
    counts.add_verdicts({verdict_on("k1", "one more", "new"), verdict_on("k1", "m0", "new")});
    CHECK(counts.rows() == limits::kMaxWaitingVerdicts);
    counts.add_verdicts({verdict_on("k1", "", "new"), verdict_on("k2", "", "new")});
    CHECK(counts.rows() == limits::kMaxWaitingVerdicts + 2);
    std::size_t renewed = 0;
    const Batch batch = counts.cut("id", limits::kMaxWaitingVerdicts + 2, kStartMs);
    for (const auto& row : batch.verdicts) renewed += row.reason == "new" ? 1 : 0;
    CHECK(renewed == 3);
}

TEST_CASE("hours begin where UTC's do") {
    CHECK(stats::hour_start_ms(kStartMs) == kStartMs);
    CHECK(stats::hour_start_ms(kStartMs + kHourMs - 1) == kStartMs);
    CHECK(stats::hour_start_ms(kStartMs - 1) == kStartMs - kHourMs);
    CHECK(stats::hour_start_ms(0) == 0);
}

TEST_CASE("past its bound of waiting rows a further model's name is counted together with others, and no count is lost") {
    Accumulator counts;
    for (std::size_t i = 0; i < limits::kMaxWaitingModelRows; ++i) counts.add_request("", "m" + std::to_string(i), RequestEnd::success, {}, kStartMs);
    CHECK(counts.rows() == limits::kMaxWaitingModelRows);
    for (int i = 0; i < 5; ++i) counts.add_request("", "new" + std::to_string(i), RequestEnd::failure, used(1, 2), kStartMs);
    counts.add_request("", "m7", RequestEnd::success, {}, kStartMs);
    CHECK(counts.rows() == limits::kMaxWaitingModelRows + 1);
    const Batch batch = counts.cut("b", 10'000, kStartMs);
    std::int64_t requests = 0;
    for (const stats::ModelTally& row : batch.models) {
        requests += row.requests;
        if (row.model == stats::kOtherModels) CHECK(row.failure == 5);
        if (row.model == "m7") CHECK(row.requests == 2);
    }
    CHECK(requests == static_cast<std::int64_t>(limits::kMaxWaitingModelRows) + 6);
}

TEST_CASE("a token's share alone counts for the token and for no model") {
    Accumulator counts;
    counts.add_token_request("t", RequestEnd::success, used(3, 4), kStartMs);
    counts.add_token_request("", RequestEnd::success, used(3, 4), kStartMs);
    const Batch batch = counts.cut("b", 100, kStartMs);
    CHECK(batch.models.empty());
    REQUIRE(batch.tokens.size() == 1);
    CHECK(batch.tokens[0].completion == 4);
}
