// Many isolates over one database: what they ask of it together. The longer form, with tables, is tests/scaling.
#include "support/catch.hpp"
#include "support/crowd.hpp"

using namespace edgepool::test;

namespace {

constexpr double kMostCallsPerSecond = 50;

double busiest(const CrowdReport& report, std::size_t from_s, std::size_t until_s) { return static_cast<double>(report.busiest(from_s, until_s)); }

CrowdPlan crowd_of(std::size_t isolates, double requests_per_s) {
    CrowdPlan plan;
    plan.isolates = isolates;
    plan.requests_per_s = requests_per_s;
    return plan;
}

void check_sound(const CrowdReport& report) {
    for (const std::string& fault : report.faults) CHECK(fault == "");
    CHECK(report.counted == static_cast<long long>(report.requests));
}

}  // namespace

TEST_CASE("a hundred and fifty isolates in health ask the database fewer than fifty times a second, and count every request") {
    const CrowdReport report = run_crowd(crowd_of(150, 150));
    check_sound(report);
    CHECK(report.statuses.at(200) == report.requests);
    CHECK(report.mean(60, 120) < kMostCallsPerSecond);
    CHECK(busiest(report, 60, 120) < 2 * kMostCallsPerSecond);
}

TEST_CASE("when the database comes back after half a minute, isolates do not all come at once, no client has noticed, and nothing is lost") {
    CrowdPlan plan = crowd_of(150, 150);
    plan.trouble = FakeDatabase::Trouble::down;
    plan.trouble_from_ms = 60'000;
    plan.trouble_until_ms = 90'000;
    const CrowdReport report = run_crowd(plan);
    check_sound(report);
    CHECK(busiest(report, 90, 120) < 2 * kMostCallsPerSecond);
    CHECK(busiest(report, 60, 90) < 2 * kMostCallsPerSecond);
}

TEST_CASE("a cold isolate that meets a crowd asks the database once") {
    CrowdPlan plan = crowd_of(1, 20'000);
    plan.span_ms = 100;
    const CrowdReport report = run_crowd(plan);
    check_sound(report);
    REQUIRE(report.requests > 1'000);
    CHECK(report.by_function.at("pool_take").front() == 1);
    CHECK(report.by_function.count("pool_token") == 0);
}

TEST_CASE("with every key refused, isolates do not ask for fresh keys more often than the database can bear") {
    CrowdPlan plan = crowd_of(150, 300);
    plan.are_all_keys_refused = true;
    const CrowdReport report = run_crowd(plan);
    for (const std::string& fault : report.faults) CHECK(fault == "");
    CHECK(report.mean(60, 120) < kMostCallsPerSecond);
}
