// What hundreds of isolates ask of one database, as a table: `scaling [--quick]`. The figures of docs/SCALING.md come from here.
#include <cstdio>
#include <cstring>

#include "support/crowd.hpp"

namespace {

using edgepool::test::CrowdPlan;
using edgepool::test::CrowdReport;
using edgepool::test::FakeDatabase;
using edgepool::test::run_crowd;

struct Row {
    const char* name;
    CrowdPlan plan;
};

CrowdPlan plan_of(std::size_t isolates, double requests_per_s) {
    CrowdPlan plan;
    plan.isolates = isolates;
    plan.requests_per_s = requests_per_s;
    return plan;
}

CrowdPlan with_outage(CrowdPlan plan, FakeDatabase::Trouble trouble) {
    plan.trouble = trouble;
    plan.trouble_from_ms = 40'000;
    plan.trouble_until_ms = 70'000;
    return plan;
}

CrowdPlan with_refused_keys(CrowdPlan plan) {
    plan.are_all_keys_refused = true;
    return plan;
}

void print(const Row& row) {
    const CrowdReport report = run_crowd(row.plan);
    const double per_request = static_cast<double>(report.database_calls) / static_cast<double>(report.requests);
    std::size_t well = 0;
    if (const auto found = report.statuses.find(200); found != report.statuses.end()) well = found->second;
    std::printf("| %s | %zu | %.0f | %zu | %zu | %.1f | %zu | %.1f | %.3f | %zu | %lld |\n", row.name, row.plan.isolates, row.plan.requests_per_s, report.requests,
                report.busiest(0, 5), report.mean(30, 40), report.busiest(40, 120), report.mean(100, 120), per_request, well, report.counted);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
    const double rate = is_quick ? 200 : 800;
    const Row rows[] = {
        {"in health", plan_of(1, 100)},
        {"in health", plan_of(20, 200)},
        {"in health", plan_of(100, rate)},
        {"in health", plan_of(400, rate)},
        {"in health", plan_of(800, rate)},
        {"the database is away for 30 s", with_outage(plan_of(400, rate), FakeDatabase::Trouble::down)},
        {"the database answers 503 for 30 s", with_outage(plan_of(400, rate), FakeDatabase::Trouble::overloaded)},
        {"every key is refused", with_refused_keys(plan_of(400, rate))},
    };
    std::printf("| what | isolates | requests/s | requests | most calls/s in the first 5 s, cold | calls/s before 40 s | most calls/s after 40 s | calls/s at the end | calls/request | answered 200 | counted |\n");
    std::printf("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for (const Row& row : rows) print(row);
    return 0;
}
