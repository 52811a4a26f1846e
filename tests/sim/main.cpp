// The simulation as a program: `sim --seeds 1000 [--first 1] [--hours 24] [--plant <bug> | --canaries]`.
// Without a plant it succeeds when no seed shows a violation. With --canaries it plants every bug in turn and succeeds when each is caught.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/simulation.hpp"

namespace {

using namespace edgepool::sim;

struct Options {
    std::uint64_t seeds = 200;
    std::uint64_t first = 1;
    double hours = 24;
    Plant plant = Plant::none;
    bool canaries = false;
};

int usage(const char* program) {
    std::fprintf(stderr, "usage: %s [--seeds N] [--first N] [--hours H] [--plant BUG | --canaries]\nbugs:", program);
    for (const PlantName& plant : kPlants) std::fprintf(stderr, " %s", plant.name);
    std::fprintf(stderr, "\n");
    return 2;
}

bool read_options(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--canaries") {
            options.canaries = true;
            continue;
        }
        if (i + 1 >= argc) return false;
        const char* value = argv[++i];
        if (name == "--seeds") options.seeds = std::strtoull(value, nullptr, 10);
        else if (name == "--first") options.first = std::strtoull(value, nullptr, 10);
        else if (name == "--hours") options.hours = std::strtod(value, nullptr);
        else if (name == "--plant") {
            for (const PlantName& plant : kPlants) {
                if (std::strcmp(plant.name, value) == 0) options.plant = plant.plant;
            }
            if (options.plant == Plant::none) return false;
        } else {
            return false;
        }
    }
    return options.seeds > 0 && options.hours > 0;
}

Report run_seeds(const Options& options, Plant plant, bool stop_at_first) {
    Report total;
    for (std::uint64_t i = 0; i < options.seeds; ++i) {
        total.add(simulate(options.first + i, options.hours * 3'600'000, plant));
        if (stop_at_first && total.violation_count > 0) break;
    }
    return total;
}

void print(const Report& report, std::uint64_t seeds) {
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("%llu seeds, %.0f simulated days, %llu isolates, %llu requests, %llu attempts, %llu answered with success\n", number(seeds),
                report.simulated_ms / 86'400'000, number(report.isolates), number(report.requests), number(report.attempts), number(report.successes));
    std::printf("%llu benches (%llu taken back as incidents), %llu keys disabled, %llu probes, %llu requests failed fast\n", number(report.benches),
                number(report.retracted), number(report.disabled), number(report.probes), number(report.failed_fast));
    for (const std::string& violation : report.violations) std::printf("  %s\n", violation.c_str());
    std::printf("%llu violations\n", number(report.violation_count));
}

int run_canaries(const Options& options) {
    int missed = 0;
    for (const PlantName& plant : kPlants) {
        const Report report = run_seeds(options, plant.plant, true);
        const bool caught = report.violation_count > 0;
        std::printf("%-15s %s%s\n", plant.name, caught ? "caught: " : "NOT CAUGHT", caught ? report.violations.front().c_str() : "");
        missed += caught ? 0 : 1;
    }
    return missed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!read_options(argc, argv, options)) return usage(argv[0]);
    if (options.canaries) return run_canaries(options);
    const Report report = run_seeds(options, options.plant, false);
    print(report, options.seeds);
    return report.violation_count == 0 ? 0 : 1;
}
