#include "limits/ledger.hpp"

#include <cmath>

#include "base/time_text.hpp"

namespace edgepool::limits {
namespace {

constexpr double kDayMs = 86'400'000;

}  // namespace

double day_start_ms(double now_ms) { return std::floor(now_ms / kDayMs) * kDayMs; }

double month_start_ms(double now_ms) { return day_start_ms(now_ms) - (day_of_month_utc(now_ms) - 1) * kDayMs; }

Spent& Spent::operator+=(const Spent& other) {
    requests += other.requests;
    tokens += other.tokens;
    cost_nano += other.cost_nano;
    return *this;
}

Spent& Spent::operator-=(const Spent& other) {
    requests -= other.requests;
    tokens -= other.tokens;
    cost_nano -= other.cost_nano;
    return *this;
}

void Ledger::Account::begin(double new_start_ms) {
    start_ms = new_start_ms;
    counted -= acknowledged;
    read = acknowledged = {};
}

void Ledger::Account::take(double used_start_ms, const Spent& used) {
    if (used_start_ms < start_ms) return;  // it was read before the period began
    begin(used_start_ms);
    read = used;
}

Spent Ledger::Account::spent() const {
    Spent sum = read;
    sum += counted;
    return sum;
}

// The database's clock may have begun a period before this one's.
void Ledger::turn(double now_ms) {
    if (day_start_ms(now_ms) > day_.start_ms) day_.begin(day_start_ms(now_ms));
    if (month_start_ms(now_ms) > month_.start_ms) month_.begin(month_start_ms(now_ms));
}

void Ledger::take(const Used& used, double now_ms) {
    turn(now_ms);
    day_.take(used.day_ms, used.day);
    month_.take(used.month_ms, used.month);
}

void Ledger::count(const Spent& spent, double now_ms) {
    turn(now_ms);
    day_.counted += spent;
    month_.counted += spent;
}

void Ledger::acknowledge(const Spent& spent, double now_ms) {
    turn(now_ms);
    day_.acknowledged += spent;
    month_.acknowledged += spent;
}

Spent Ledger::spent_today(double now_ms) {
    turn(now_ms);
    return day_.spent();
}

Spent Ledger::spent_this_month(double now_ms) {
    turn(now_ms);
    return month_.spent();
}

}  // namespace edgepool::limits
