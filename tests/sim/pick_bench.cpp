// How long a key takes to be drawn and settled, by the number of keys: `pick_bench`. Prints figures, asserts nothing.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "keys/key_pool.hpp"

namespace {

using namespace edgepool;
using namespace edgepool::keys;

constexpr double kNowMs = 1.8e12;
constexpr int kRounds = 300'000;
constexpr int kHeld = 64;  // attempts under way at any time

WorkingSet working_set(int keys) {
    WorkingSet set;
    set.db_now_ms = kNowMs;
    for (int i = 0; i < keys; ++i) {
        char id[17];
        std::snprintf(id, sizeof id, "%016llx", static_cast<unsigned long long>(mix_hash(std::to_string(i))));
        KeyRow row;
        row.id = id;
        row.secret = "sk-" + std::string(48, 'x');
        set.keys.push_back(std::move(row));
    }
    return set;
}

double since_ns(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

void measure(const char* name, Strategy strategy, int keys) {
    KeyPool pool(strategy);
    WorkingSet set = working_set(keys);
    const auto load_start = std::chrono::steady_clock::now();
    pool.load(std::move(set), kNowMs);
    const double load_ms = since_ns(load_start) / 1e6;
    Random random(1);
    std::vector<std::string> clients;
    for (int i = 0; i < 1'000; ++i) clients.push_back("client-" + std::to_string(i));
    std::vector<VerdictRecord> records;
    std::vector<KeyPool::Ticket> held;
    KeyPool::Outcome success;
    success.success = true;
    success.model = "model";
    pool.take({"model", clients[0]}, kNowMs, random);  // builds the ring outside the measured part
    double now_ms = kNowMs;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRounds; ++i) {
        now_ms += 1;
        auto ticket = pool.take({"model", clients[static_cast<std::size_t>(i) % clients.size()]}, now_ms, random);
        if (held.size() < kHeld) {
            held.push_back(std::move(*ticket));
            continue;
        }
        std::swap(held[static_cast<std::size_t>(i) % kHeld], *ticket);
        pool.settle(*ticket, success, now_ms, records);
    }
    std::printf("%-12s %7d keys: %6.0f ns for take and settle, load %.1f ms\n", name, keys, since_ns(start) / kRounds, load_ms);
}

}  // namespace

int main() {
    for (const int keys : {100, 10'000, 100'000}) {
        measure("p2c", Strategy::p2c, keys);
        measure("round_robin", Strategy::round_robin, keys);
        measure("random", Strategy::random, keys);
        measure("affinity", Strategy::affinity, keys);
    }
    return 0;
}
