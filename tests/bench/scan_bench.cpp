// The native flavour of the scan benchmark. Prints throughput for each body, beside a full parse in the same run; asserts nothing.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "scan_cases.hpp"

namespace {

using namespace edgepool::bench;

constexpr double kRound_s = 0.02;
constexpr int kRounds = 20;
constexpr double kForever_s = 1e9;
constexpr std::size_t kSizes[] = {1000, 100'000, 1'000'000, 8'000'000};
constexpr std::size_t kEvents = 1000;

// Seconds for one call, over as many calls as fill a round. `sum` keeps the work alive.
template <class F>
double round_seconds(F work, std::size_t& sum) {
    const auto start = std::chrono::steady_clock::now();
    double passed_s = 0;
    std::size_t calls = 0;
    for (; passed_s < kRound_s; ++calls) {
        sum += work();
        passed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    return passed_s / static_cast<double>(calls);
}

void print_shape(const char* name, Shape shape, std::size_t& sum) {
    for (const std::size_t size : kSizes) {
        const std::string body = request_body(shape, size);
        double scan_s = kForever_s, parse_s = kForever_s;
        for (int round = 0; round < kRounds; ++round) {  // in turn, so that a busy machine is unfair to both alike
            scan_s = std::min(scan_s, round_seconds([&] { return scan_once(body); }, sum));
            parse_s = std::min(parse_s, round_seconds([&] { return parse_once(body); }, sum));
        }
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
        double pass_s = kForever_s;
        for (int round = 0; round < kRounds; ++round) {
            pass_s = std::min(pass_s, round_seconds([&] { return observe_once(stream, chunk_bytes); }, sum));
        }
        std::printf("stream %zu events in chunks of %zu bytes: %.1f us per 1,000 events\n", kEvents, chunk_bytes, pass_s * 1e6 * 1000 / kEvents);
    }
    return sum == 0 ? 1 : 0;
}
