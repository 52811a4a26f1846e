// What a client token has used of its daily and monthly budgets, as far as this isolate knows: what the database said when it was last
// read, and what was counted here that the database could not have known then.
//
// Invariants
// 1. counted and acknowledged only grow within a period, and acknowledged never passes counted. What was acknowledged when a reading
//    began is part of what the reading says, so spent = read + counted - acknowledged at that moment: nothing is forgotten, and nothing
//    is seen twice but what was under way during the reading, until the next one.
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
    // What was acknowledged when a reading began.
    struct Mark {
        double day_ms = 0;
        Spent day;
        double month_ms = 0;
        Spent month;
    };

    Mark mark(double now_ms);
    void take(const Used& used, const Mark& mark, double now_ms);

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
        Spent acknowledged_when_read;

        void begin(double new_start_ms);
        void take(double used_start_ms, const Spent& used, double mark_start_ms, const Spent& mark);
        Spent spent() const;
    };

    void turn(double now_ms);

    Account day_;
    Account month_;
};

double day_start_ms(double now_ms);
double month_start_ms(double now_ms);

}  // namespace edgepool::limits
