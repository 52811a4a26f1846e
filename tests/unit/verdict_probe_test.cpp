// Probes: quotas read from the key-information route, and what becomes of them.
#include "base/limits.hpp"
#include "keys/probe_record.hpp"
#include "support/catch.hpp"
#include "verdict/probe.hpp"

using namespace edgepool;
using verdict::ProbeReading;
using Standing = verdict::ProbeReading::Standing;
using State = keys::VerdictRecord::State;

namespace {

constexpr double kNowMs = 1795435200000.0;

ProbeReading read(const char* provider, int status, std::string_view body) {
    verdict::Answer answer;
    answer.status = status;
    answer.body = body;
    return read_probe(*find_provider(provider), answer, kNowMs);
}

}  // namespace

TEST_CASE("the scarcer of two windows is the quota left") {
    const auto reading = read("ollama", 200, R"({"included":{"session":{"remaining_percent":80},"weekly":{"remaining_percent":25}}})");
    CHECK(reading.standing == Standing::good);
    CHECK(reading.remaining == 0.25);
}

TEST_CASE("a spent key that has bought usage is still good") {
    const auto reading = read("ollama", 200, R"({"included":{"balance_usd":0,"allowance_usd":20},"purchased":{"balance_usd":3.5}})");
    CHECK(reading.standing == Standing::good);
}

TEST_CASE("a key without a limit has no share to report") {
    const auto reading = read("openrouter", 200, R"({"data":{"limit":null,"limit_remaining":null,"is_management_key":false}})");
    CHECK(reading.standing == Standing::good);
    CHECK_FALSE(reading.remaining);
}

TEST_CASE("what a key has cost is read to the nano-dollar, and a figure that is none is left out") {
    CHECK(read("openrouter", 200, R"({"data":{"usage":1234.567890123}})").used_nano == 1'234'567'890'123);
    CHECK(read("openrouter", 200, R"({"data":{"usage":0}})").used_nano == 0);
    CHECK(read("openrouter", 200, R"({"data":{"usage":9000000}})").used_nano == 9'000'000'000'000'000);
    for (const char* body : {R"({"data":{"usage":9000001}})", R"({"data":{"usage":-1}})", R"({"data":{"usage":"1.5"}})", R"({"data":{}})", R"({"data":{"usage":1e300}})"}) {
        CAPTURE(body);
        CHECK_FALSE(read("openrouter", 200, body).used_nano.has_value());
    }
}

TEST_CASE("answers that say nothing about the key leave it as it is") {
    for (const char* provider : {"ollama", "openrouter"}) {
        CHECK(read(provider, 200, "<html>").standing == Standing::unknown);
        CHECK(read(provider, 200, "{}").standing == Standing::unknown);
        CHECK(read(provider, 200, R"({"included":[],"data":[]})").standing == Standing::unknown);
        CHECK(read(provider, 429, R"({"error":"rate limit exceeded"})").standing == Standing::unknown);
        CHECK(read(provider, 503, "").standing == Standing::unknown);
        CHECK(read(provider, 404, R"({"error":"model not found"})").standing == Standing::unknown);
        CHECK(read(provider, 410, R"({"error":"model retired"})").standing == Standing::unknown);
        CHECK(read(provider, 403, "<html>Forbidden</html>").standing == Standing::unknown);
        CHECK_FALSE(keys::probe_record(read(provider, 503, ""), "key", 0, kNowMs));
    }
}

TEST_CASE("a reading becomes the record that the database is told") {
    const auto good = keys::probe_record(read("openrouter", 200, R"({"data":{"limit":10,"limit_remaining":4}})"), "key", 2, kNowMs);
    REQUIRE(good);
    CHECK(good->state == State::active);
    CHECK(good->remaining == 0.4);
    CHECK(good->refusals == 0);
    const auto spent = keys::probe_record(read("openrouter", 200, R"({"data":{"limit":10,"limit_remaining":0,"limit_reset":"daily"}})"), "key", 0, kNowMs);
    REQUIRE(spent);
    CHECK(spent->state == State::benched);
    CHECK(spent->until_ms == kNowMs + 12 * 3'600'000.0);
    const auto first = keys::probe_record(read("ollama", 401, R"({"error":"unauthorized"})"), "key", 0, kNowMs);
    CHECK(first->state == State::benched);
    CHECK(first->refusals == 1);
    const auto third = keys::probe_record(read("ollama", 401, R"({"error":"unauthorized"})"), "key", 2, kNowMs);
    CHECK(third->state == State::disabled);
    const auto account = keys::probe_record(read("ollama", 403, "Forbidden"), "key", 0, kNowMs);
    CHECK(account->state == State::disabled);
    const auto management = keys::probe_record(read("openrouter", 200, R"({"data":{"is_management_key":true}})"), "key", 0, kNowMs);
    CHECK(management->state == State::disabled);
    CHECK(management->reason == "management_key");
}
