#include "support/crowd.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

namespace edgepool::test {
namespace {

constexpr double kHintSpanMs = 10'000;
constexpr double kHintStepMs = 10;
constexpr double kTakeCountsMs = 10'000;
constexpr double kTailMs = 2 * kMinuteMs;  // after the last request: everything is sent

class Crowd {
public:
    explicit Crowd(const CrowdPlan& plan) : plan_(plan), random_(plan.seed) {
        for (int i = 0; i < plan.keys; ++i) database_.add_key("crowd-key-" + std::to_string(i) + "-secret");
        for (int i = 0; i < std::max(1, plan.budget_tokens); ++i) {
            tokens_.push_back("crowd-token-" + std::to_string(i));
            database_.add_token(tokens_.back(), "ollama", row_of_token());
        }
        if (plan.are_all_keys_refused) upstream_.by_default(refusal(429, "you have reached your weekly usage limit"));
        for (std::size_t i = 0; i < plan.isolates; ++i) {
            isolates_.push_back(std::make_unique<FakeHost>(time_, database_, upstream_, configured(), "seed" + std::to_string(plan.seed) + "-" + std::to_string(i)));
        }
        began_ms_ = time_.now_ms();
    }

    CrowdReport run() {
        schedule_next_request();
        schedule_hint();
        if (plan_.trouble != FakeDatabase::Trouble::none) {
            time_.after(plan_.trouble_from_ms, [this] { database_.trouble = plan_.trouble; });
            time_.after(plan_.trouble_until_ms, [this] { database_.trouble = FakeDatabase::Trouble::none; });
        }
        time_.run_for(plan_.span_ms + kTailMs);
        return report();
    }

private:
    bool is_over() const { return time_.now_ms() - began_ms_ >= plan_.span_ms; }

    void schedule_next_request() {
        const double gap_ms = -std::log(1 - random_.unit()) * 1'000 / plan_.requests_per_s;
        time_.after(gap_ms, [this] {
            if (is_over()) return;
            ClientRequest request;
            request.headers.add("authorization", "Bearer " + tokens_[random_.below(tokens_.size())]);
            request.headers.add("content-type", "application/json");
            request.body = R"({"model":"gpt-oss:120b","messages":[{"role":"user","content":"hi"}]})";
            answers_.push_back(&isolates_[random_.below(isolates_.size())]->send(std::move(request)));
            schedule_next_request();
        });
    }

    StoredToken row_of_token() const {
        StoredToken row;
        if (plan_.budget_tokens > 0) row.limits = R"({"daily_requests":1000000,"monthly_tokens":100000000})";
        return row;
    }

    static double window_of(std::string_view body) {
        const auto argument = json::parse(body);
        return static_cast<double>(json::get_int(argument->at("p"), "window_ms").value_or(0));
    }

    // As edgepool.flush_hint_ms() has it: each batch of the last ten seconds stands for an isolate that flushes once per the window that
    // it names, each take for one that has begun.
    void schedule_hint() {
        for (; seen_calls_ < database_.calls().size(); ++seen_calls_) {
            const DatabaseCall& call = database_.calls()[seen_calls_];
            if (call.status != 200) continue;
            if (call.function == "pool_record") batches_.push_back({call.at_ms, window_of(call.body)});
            if (call.function == "pool_take") batches_.push_back({call.at_ms, kTakeCountsMs});
        }
        while (!batches_.empty() && batches_.front().first <= time_.now_ms() - kHintSpanMs) batches_.pop_front();
        double sum_ms = 0;
        for (const auto& batch : batches_) sum_ms += batch.second;
        database_.hint_ms = static_cast<std::uint32_t>(std::clamp(sum_ms / 300, plan_.shortest_window_ms, 20'000.0));
        if (!is_over()) time_.after(kHintStepMs, [this] { schedule_hint(); });
    }

    CrowdReport report() const {
        CrowdReport report;
        const auto seconds = static_cast<std::size_t>((plan_.span_ms + kTailMs) / 1'000) + 1;
        report.calls.resize(seconds);
        for (const DatabaseCall& call : database_.calls()) {
            const auto second = static_cast<std::size_t>((call.at_ms - began_ms_) / 1'000);
            ++report.calls[second];
            auto& its = report.by_function[call.function];
            its.resize(seconds);
            ++its[second];
            auto& [up, down] = report.bytes[call.function];
            up += static_cast<double>(call.body.size());
            down += static_cast<double>(call.answer_bytes);
        }
        for (auto& [function, sums] : report.bytes) {
            const double calls = static_cast<double>(database_.count(function));
            sums = {sums.first / calls, sums.second / calls};
        }
        report.database_calls = database_.calls().size();
        report.requests = answers_.size();
        for (const ClientAnswer* answer : answers_) ++report.statuses[answer->status];
        report.counted = database_.totals().requests;
        for (const auto& isolate : isolates_) report.faults.insert(report.faults.end(), isolate->faults().begin(), isolate->faults().end());
        return report;
    }

    CrowdPlan plan_;
    Random random_;
    VirtualTime time_;
    FakeDatabase database_;
    ScriptedUpstream upstream_;
    std::vector<std::unique_ptr<FakeHost>> isolates_;
    std::vector<const ClientAnswer*> answers_;
    std::deque<std::pair<double, double>> batches_;
    std::vector<std::string> tokens_;
    std::size_t seen_calls_ = 0;
    double began_ms_ = 0;
};

}  // namespace

std::size_t CrowdReport::busiest(std::size_t from_s, std::size_t until_s) const {
    std::size_t most = 0;
    for (std::size_t s = from_s; s < std::min(until_s, calls.size()); ++s) most = std::max(most, calls[s]);
    return most;
}

std::size_t CrowdReport::busiest_but_for(const std::string& function, std::size_t from_s, std::size_t until_s) const {
    const std::vector<std::size_t>& its = by_function.at(function);
    std::size_t most = 0;
    for (std::size_t s = from_s; s < until_s; ++s) most = std::max(most, calls[s] - its[s]);
    return most;
}

double CrowdReport::mean(std::size_t from_s, std::size_t until_s) const {
    std::size_t sum = 0;
    for (std::size_t s = from_s; s < std::min(until_s, calls.size()); ++s) sum += calls[s];
    return static_cast<double>(sum) / static_cast<double>(until_s - from_s);
}

CrowdReport run_crowd(const CrowdPlan& plan) { return Crowd(plan).run(); }

}  // namespace edgepool::test
