// What hundreds of isolates ask of one database, as a table, and what their calls weigh, as another: `scaling [--quick]`. The figures of
// docs/SCALING.md come from here.
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

CrowdPlan with_budgets(CrowdPlan plan, int tokens) {
    plan.budget_tokens = tokens;
    return plan;
}

void print(const Row& row) {
    const CrowdReport report = run_crowd(row.plan);
    const double per_request = static_cast<double>(report.database_calls) / static_cast<double>(report.requests);
    std::size_t well = 0;
    if (const auto found = report.statuses.find(200); found != report.statuses.end()) well = found->second;
    std::printf("| %s | %zu | %.0f | %d | %zu | %zu | %zu | %.1f | %.1f | %zu | %.1f | %.3f | %zu | %lld |\n", row.name, row.plan.isolates, row.plan.requests_per_s,
                row.plan.budget_tokens, report.requests, report.busiest(0, 10), report.busiest_but_for("pool_take", 0, 10), report.mean(10, 20), report.mean(20, 40),
                report.busiest(40, 120), report.mean(100, 120), per_request, well, report.counted);
    std::fflush(stdout);
}

// Isolates of a pool with more keys than one holds, warm, for long enough that all that comes now and then has come.
CrowdPlan steady_plan(std::size_t isolates, double requests_per_s, double window_ms, bool is_quick) {
    CrowdPlan plan = plan_of(isolates, requests_per_s);
    plan.keys = 1'000;
    plan.budget_tokens = 10;
    plan.shortest_window_ms = window_ms;
    plan.span_ms = is_quick ? 60'000 : 900'000;
    return plan;
}

void print_weight(const char* name, const CrowdPlan& plan) {
    const CrowdReport report = run_crowd(plan);
    for (const auto& [function, its] : report.by_function) {
        std::size_t calls = 0;
        for (const std::size_t in_second : its) calls += in_second;
        const double per_isolate_hour = static_cast<double>(calls) * 3'600'000 / plan.span_ms / static_cast<double>(plan.isolates);
        const auto& [up, down] = report.bytes.at(function);
        std::printf("| %s | `%s` | %.0f | %.0f | %.0f | %.1f |\n", name, function.c_str(), per_isolate_hour, up, down, per_isolate_hour * down * 720 / 1e6);
    }
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
        {"in health", with_budgets(plan_of(400, rate), 20)},
        {"the database is away for 30 s", with_outage(plan_of(400, rate), FakeDatabase::Trouble::down)},
        {"the database answers 503 for 30 s", with_outage(plan_of(400, rate), FakeDatabase::Trouble::overloaded)},
        {"every key is refused", with_refused_keys(plan_of(400, rate))},
    };
    std::printf("| what | isolates | requests/s | tokens with budgets | requests | most calls/s in the first 10 s, cold | of them but first ones | calls/s, 10 to 20 s | calls/s, 20 to 40 s | "
                "most calls/s after 40 s | calls/s at the end | calls/request | answered 200 | counted |\n");
    std::printf("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for (const Row& row : rows) print(row);
    std::printf("\n| an isolate with | call | calls/hour | bytes up | bytes down | MB down in a month |\n|---|---|---:|---:|---:|---:|\n");
    print_weight("1.2 requests/s, alone", steady_plan(1, 1.2, 1'000, is_quick));
    print_weight("25 requests/s, one of 400", steady_plan(10, 25 * 10, 13'300, is_quick));
    return 0;
}
