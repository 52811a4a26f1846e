// One suite for all providers: every documented answer gets the verdict that its fixture expects, in whatever shape it comes.
#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "conformance/fixture.hpp"
#include "support/catch.hpp"
#include "verdict/probe.hpp"
#include "verdict/verdict.hpp"

using namespace edgepool;
using namespace edgepool::conformance;
using json::Json;
using verdict::Answer;
using verdict::Verdict;

namespace {

bool is_about_a_probe(const Fixture& fixture) { return fixture.expect().contains("standing"); }

void check_verdict(const Fixture& fixture, const Verdict& verdict) {
    const Json& expect = fixture.expect();
    CHECK(std::string(verdict::blame_name(verdict.blame)) == expect.at("blame").get<std::string>());
    CHECK(verdict.reason == expect.at("reason").get<std::string>());
    CHECK(verdict.retry == expect.at("retry").get<bool>());
    CHECK(verdict.refusal == expect.value("refusal", false));
    CHECK(verdict.disable == expect.value("disable", false));
    CHECK(verdict.concurrency == expect.value("concurrency", false));
    CHECK(verdict.incident_evidence == expect.value("incident_evidence", false));
    CHECK(verdict.retry_after_ms == expect.value("retry_after_ms", 0.0));
    CHECK((verdict.until_ms == 0 ? 0.0 : verdict.until_ms - fixture.now_ms) == expect.value("bench_ms", 0.0));
    if (expect.contains("model")) CHECK(verdict.model == expect.at("model").get<std::string>());
}

void check_probe(const Json& expect, const verdict::ProbeReading& reading, double now_ms) {
    CHECK(std::string(verdict::standing_name(reading.standing)) == expect.at("standing").get<std::string>());
    if (expect.contains("probe_reason")) CHECK(reading.reason == expect.at("probe_reason").get<std::string>());
    if (expect.contains("bench_ms")) CHECK(reading.until_ms - now_ms == expect.at("bench_ms").get<double>());
    if (expect.contains("remaining")) {
        REQUIRE(reading.remaining.has_value());
        CHECK(*reading.remaining == Approx(expect.at("remaining").get<double>()));
    }
}

}  // namespace

TEST_CASE("every provider of the table has a folder of documented answers") {
    for (const Provider& provider : providers()) {
        INFO(provider.id);
        CHECK(std::any_of(fixtures().begin(), fixtures().end(), [&](const Fixture& fixture) { return fixture.provider == &provider; }));
    }
}

TEST_CASE("every documented answer gets the verdict that its fixture expects") {
    for (const Fixture& fixture : fixtures()) {
        INFO(fixture.name);
        REQUIRE(fixture.file.contains("expect"));
        if (!is_about_a_probe(fixture)) check_verdict(fixture, judge(*fixture.provider, fixture.answer(), fixture.now_ms));
    }
}

TEST_CASE("every documented answer of the key-information route is read as its fixture expects") {
    for (const Fixture& fixture : fixtures()) {
        INFO(fixture.name);
        Answer answer = fixture.answer();
        answer.in_success = false;
        answer.model = {};
        if (is_about_a_probe(fixture)) check_probe(fixture.expect(), read_probe(*fixture.provider, answer, fixture.now_ms), fixture.now_ms);
        if (!fixture.file.contains("probe")) continue;
        const Json& probe = fixture.file.at("probe");
        if (probe.is_string()) {
            check_probe(fixture.expect().at("probe"), read_probe(*fixture.provider, answer, fixture.now_ms), fixture.now_ms);
            continue;
        }
        const std::string body = probe.at("body").dump();
        Answer probe_answer;
        probe_answer.status = probe.at("status").get<int>();
        probe_answer.body = body;
        check_probe(fixture.expect().at("probe"), read_probe(*fixture.provider, probe_answer, fixture.now_ms), fixture.now_ms);
    }
}

TEST_CASE("every rule of a provider is shown by at least one documented answer") {
    std::set<std::string> shown;
    for (const Fixture& fixture : fixtures()) {
        shown.insert(std::string(fixture.provider->id) + "/" + judge(*fixture.provider, fixture.answer(), fixture.now_ms).reason);
    }
    for (const Provider& provider : providers()) {
        for (const verdict::Rule& rule : provider.rules) {
            INFO(provider.id << "/" << rule.reason);
            CHECK(shown.count(std::string(provider.id) + "/" + std::string(rule.reason)) == 1);
        }
    }
}

TEST_CASE("a message means the same as plain text, as an OpenAI error, as an Anthropic error and by itself") {
    for (const Fixture& fixture : fixtures()) {
        const Json& body = fixture.file.at("body");
        if (!body.is_object() || !body.contains("error") || !body["error"].is_string() || body.size() != 1 || is_about_a_probe(fixture)) continue;
        const std::string message = body["error"].get<std::string>();
        const Json openai{{"error", {{"message", message}, {"type", "api_error"}, {"param", nullptr}, {"code", nullptr}}}};
        const Json anthropic{{"type", "error"}, {"error", {{"type", "api_error"}, {"message", message}}}};
        const Json choice{{"choices", {{{"index", 0}, {"finish_reason", "error"}, {"error", {{"message", message}}}}}}};
        for (const std::string& shape : {openai.dump(), anthropic.dump(), choice.dump(), Json{{"message", message}}.dump(), message}) {
            INFO(fixture.name << " as " << shape);
            Answer answer = fixture.answer();
            answer.body = shape;
            const Verdict verdict = judge(*fixture.provider, answer, fixture.now_ms);
            CHECK(verdict.reason == fixture.expect().at("reason").get<std::string>());
        }
    }
}

TEST_CASE("an error that comes inside a success means what it means as an answer of its own") {
    for (const Fixture& fixture : fixtures()) {
        const Json& body = fixture.file.at("body");
        const bool has_code = body.is_object() && body.contains("error") && body["error"].is_object() && body["error"].contains("code") &&
                              !body["error"]["code"].is_null();
        if (!has_code || fixture.status == 200 || is_about_a_probe(fixture)) continue;
        INFO(fixture.name);
        Answer answer = fixture.answer();
        answer.status = 200;
        answer.in_success = true;
        check_verdict(fixture, judge(*fixture.provider, answer, fixture.now_ms));
        const std::string error_alone = body["error"].dump();
        answer.body = error_alone;
        check_verdict(fixture, judge(*fixture.provider, answer, fixture.now_ms));
    }
}

TEST_CASE("an answer cut off anywhere gets a bounded verdict, and never a refusal that the whole one is not") {
    for (const Fixture& fixture : fixtures()) {
        INFO(fixture.name);
        const Verdict whole = judge(*fixture.provider, fixture.answer(), fixture.now_ms);
        for (std::size_t length = 0; length < fixture.body.size(); ++length) {
            Answer answer = fixture.answer();
            answer.body = std::string_view(fixture.body).substr(0, length);
            const Verdict cut = judge(*fixture.provider, answer, fixture.now_ms);
            REQUIRE(cut.until_ms <= fixture.now_ms + limits::kLongestBenchMs);
            REQUIRE(cut.evidence.size() <= limits::kMaxEvidenceBytes);
            REQUIRE((whole.refusal || !cut.refusal));
            REQUIRE((whole.disable || !cut.disable));
        }
    }
}

TEST_CASE("evidence and what the client sees never name the upstream account or its keys") {
    for (const Fixture& fixture : fixtures()) {
        INFO(fixture.name);
        const std::string evidence = judge(*fixture.provider, fixture.answer(), fixture.now_ms).evidence;
        const std::string shown = verdict::redact_for_client(*fixture.provider, fixture.body);
        for (const char* name : {"practice-account", "user_practice"}) {
            CHECK(evidence.find(name) == std::string::npos);
            CHECK(shown.find(name) == std::string::npos);
        }
        const bool names_account = fixture.body.find("practice-account") != std::string::npos || fixture.body.find("user_practice") != std::string::npos;
        const bool quotes_key = fixture.body.find("sk-") != std::string::npos;
        if (!names_account && !quotes_key) CHECK(shown == fixture.body);
    }
}
