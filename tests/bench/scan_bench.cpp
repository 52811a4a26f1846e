// The native flavour of the scan benchmark. Prints throughput for each body, beside a full parse in the same run; asserts nothing.
#include <chrono>
#include <cstdio>

#include "scan_cases.hpp"

namespace {

using namespace edgepool::bench;

constexpr double kRound_s = 0.02;
constexpr int kRounds = 20;
constexpr std::size_t kSizes[] = {1000, 100'000, 1'000'000, 8'000'000};
constexpr std::size_t kEvents = 1000;

// Seconds for one call: the best of some rounds, each as many calls as fill its time. `sum` keeps the work alive.
template <class F>
double seconds_for(F work, std::size_t& sum) {
    double best_s = 0;
    for (int round = 0; round < kRounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        double passed_s = 0;
        std::size_t calls = 0;
        for (; passed_s < kRound_s; ++calls) {
            sum += work();
            passed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        }
        const double call_s = passed_s / static_cast<double>(calls);
        if (round == 0 || call_s < best_s) best_s = call_s;
    }
    return best_s;
}

void print_shape(const char* name, Shape shape, std::size_t& sum) {
    for (const std::size_t size : kSizes) {
        const std::string body = request_body(shape, size);
        const double scan_s = seconds_for([&] { return scan_once(body); }, sum);
        const double parse_s = seconds_for([&] { return parse_once(body); }, sum);
        std::printf("%-6s %8zu bytes   scan %6.2f GB/s %10.1f us   full parse %6.3f GB/s %10.1f us   ratio %5.1f\n", name, body.size(),
                    static_cast<double>(body.size()) / scan_s / 1e9, scan_s * 1e6, static_cast<double>(body.size()) / parse_s / 1e9, parse_s * 1e6,
                    parse_s / scan_s);
    }
}

}  // namespace

int main() {
    std::size_t sum = 0;
    print_shape("chat", Shape::chat, sum);
    print_shape("tools", Shape::tools, sum);
    const std::string stream = chat_stream(kEvents);
    for (const std::size_t chunk_bytes : {std::size_t{219}, std::size_t{4096}, std::size_t{65536}}) {
        const double pass_s = seconds_for([&] { return observe_once(stream, chunk_bytes); }, sum);
        std::printf("stream %zu events in chunks of %zu bytes: %.1f us per 1,000 events\n", kEvents, chunk_bytes, pass_s * 1e6 * 1000 / kEvents);
    }
    return sum == 0 ? 1 : 0;
}
