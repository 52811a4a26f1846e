// Many isolates over one database in virtual time: the real core in each, clients that come at random to any of them, and a database that
// asks for a flush window as sql/parts/50_record.sql does. Tells what the database had to bear, second by second.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/fake_host.hpp"

namespace edgepool::test {

struct CrowdPlan {
    std::size_t isolates = 100;
    double requests_per_s = 100;  // of all of them together
    double span_ms = 2 * kMinuteMs;
    int keys = 50;
    double shortest_window_ms = 1'000;  // that the database asks for: longer as if there were more isolates than these
    int budget_tokens = 0;        // client tokens with a budget, which a request may come with; 0 = one token, without
    FakeDatabase::Trouble trouble = FakeDatabase::Trouble::none;
    double trouble_from_ms = 0;   // since the beginning
    double trouble_until_ms = 0;
    bool are_all_keys_refused = false;  // the upstream benches every key it meets
    std::uint64_t seed = 1;
};

struct CrowdReport {
    std::vector<std::size_t> calls;                           // of each second, refused ones included
    std::map<std::string, std::vector<std::size_t>> by_function;
    std::map<std::string, std::pair<double, double>> bytes;   // of a call of this function, on average: up, down
    std::size_t requests = 0;
    std::map<int, std::size_t> statuses;
    std::size_t database_calls = 0;
    long long counted = 0;                                    // requests in the database at the end
    std::vector<std::string> faults;

    // The busiest second of [from_s, until_s), and the mean.
    std::size_t busiest(std::size_t from_s, std::size_t until_s) const;
    std::size_t busiest_but_for(const std::string& function, std::size_t from_s, std::size_t until_s) const;
    double mean(std::size_t from_s, std::size_t until_s) const;
};

CrowdReport run_crowd(const CrowdPlan& plan);

}  // namespace edgepool::test
