// The database as docs/DATABASE-API.md promises it, in memory: the newest verdict by at_ms stays, a batch counts once, benches end by
// the database's clock. It can be told to break these promises, so that the checks can be shown to notice.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "keys/working_set.hpp"
#include "stats/tally.hpp"

namespace edgepool::sim {

class ModelDatabase {
public:
    struct Faults {
        bool counts_batches_twice = false;
        bool older_verdicts_win = false;
        bool benches_for_ever = false;
    };
    struct Row {
        std::string secret;
        std::string status = "active";
        std::string reason;
        std::optional<double> until_ms;
        double at_ms = 0;
        double updated_ms = 0;
        int refusals = 0;
        std::optional<int> ceiling;
    };
    struct Sums {
        std::int64_t requests = 0;
        std::int64_t attempts = 0;
        std::int64_t attempt_successes = 0;
    };

    explicit ModelDatabase(Faults faults) : faults_(faults) {}

    void add_key(const std::string& id, const std::string& secret, double now_ms);
    void remove_key(const std::string& id, double now_ms);
    void set_key(const std::string& id, bool enabled, double now_ms);

    keys::WorkingSet take(std::size_t limit, const std::string& start, double now_ms) const;
    keys::Changes changes(double since_ms, double now_ms) const;
    void record(const stats::Batch& batch, double now_ms);

    bool has_applied(const std::string& batch_id) const { return applied_.count(batch_id) != 0; }
    const Sums& sums() const { return sums_; }
    const std::map<std::string, Row>& rows() const { return rows_; }
    bool at_went_back() const { return at_went_back_; }

private:
    struct Pair {
        std::string reason;
        double until_ms = 0;
        double at_ms = 0;
        double updated_ms = 0;
    };

    bool is_usable(const Row& row, double now_ms) const;
    std::optional<double> next_ms(double now_ms) const;
    std::int64_t usable_count(double now_ms) const;
    void record_key(const keys::VerdictRecord& verdict, double now_ms);
    void record_pair(const keys::VerdictRecord& verdict, double now_ms);

    Faults faults_;
    std::map<std::string, Row> rows_;
    std::map<std::pair<std::string, std::string>, Pair> pairs_;
    std::map<std::string, double> gone_;
    std::set<std::string> applied_;
    Sums sums_;
    bool at_went_back_ = false;
};

}  // namespace edgepool::sim
