// What a client token has used of its daily and monthly budgets, as far as this isolate knows: what the database said when it last took
// a batch, and what was counted here and is not yet in the database.
//
// Invariants
// 1. counted is what the last reading does not hold, acknowledged the part of it that the database has taken since; acknowledged never
//    passes counted. A reading holds all that was acknowledged before it, so spent = read + counted, and nothing is forgotten or seen twice.
// 2. Days and months are UTC. What is not acknowledged when one ends counts in the next, as it does in the database.
#pragma once

#include <cstdint>

namespace edgepool::limits {

struct Spent {
    std::int64_t requests = 0;
    std::int64_t tokens = 0;
    std::int64_t cost_nano = 0;

    Spent& operator+=(const Spent& other);
    Spent& operator-=(const Spent& other);
};

// What the database says: since the beginnings of the day and the month that it names.
struct Used {
    double day_ms = 0;
    Spent day;
    double month_ms = 0;
    Spent month;
};

class Ledger {
public:
    // A reading made after all that was acknowledged here.
    void take(const Used& used, double now_ms);

    void count(const Spent& spent, double now_ms);
    void acknowledge(const Spent& spent, double now_ms);

    Spent spent_today(double now_ms);
    Spent spent_this_month(double now_ms);

private:
    struct Account {
        double start_ms = 0;
        Spent read;
        Spent counted;
        Spent acknowledged;

        void begin(double new_start_ms);
        void take(double used_start_ms, const Spent& used);
        Spent spent() const;
    };

    void turn(double now_ms);

    Account day_;
    Account month_;
};

double day_start_ms(double now_ms);
double month_start_ms(double now_ms);

}  // namespace edgepool::limits
