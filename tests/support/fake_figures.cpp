// The fake database's figures over time, as pool_trends gives them.
#include <cmath>

#include "support/fake_tables.hpp"

namespace edgepool::test {
namespace {

using json::Json;

Json row_of(const Figures& figures) {
    Json row;
    write_figures(row, figures);
    row["latency_ms"] = std::to_string(figures.latency_ms);
    row["latency_count"] = std::to_string(figures.latency_count);
    return row;
}

}  // namespace

Json FakeDatabase::Tables::trends(const Json& arguments, double now_ms) const {
    constexpr double kHour = 3'600'000;
    const bool is_day = json::get_string(arguments, "window") == "24h";
    const double step_ms = is_day ? kHour : 24 * kHour, zone_ms = is_day ? 0 : number_of(arguments, "offset_minutes") * 60'000;
    const int slots = is_day ? 24 : 30;
    const double first_ms = std::floor((now_ms + zone_ms) / step_ms) * step_ms - zone_ms - (slots - 1) * step_ms;
    std::vector<Figures> by_slot(static_cast<std::size_t>(slots));
    std::map<std::string, Figures> by_model;
    Figures sum;
    for (const auto& [place, figures] : hours) {
        const auto slot = static_cast<int>(std::floor((place.second - first_ms) / step_ms));
        if (slot < 0 || slot >= slots) continue;
        for (Figures* to : {&by_slot[static_cast<std::size_t>(slot)], &by_model[place.first], &sum}) add(*to, figures);
    }
    Json rows = Json::array(), models = Json::array();
    for (const Figures& figures : by_slot) {
        rows.push_back(row_of(figures));
        rows.back()["start_ms"] = whole(first_ms + static_cast<double>(rows.size() - 1) * step_ms);
    }
    for (const auto& [model, figures] : by_model) {
        models.push_back(row_of(figures));
        models.back()["model"] = model;
    }
    return {{"now_ms", whole(now_ms)}, {"rows", rows}, {"totals", row_of(sum)}, {"models", models}};
}

Json FakeDatabase::Tables::reconciled(double now_ms) const {
    Json rows = Json::array();
    for (const auto& [id, key] : keys) {
        rows.push_back({{"id", id}, {"username", key.username.empty() ? Json() : Json(key.username)}, {"ours_nano", "10"}, {"theirs_nano", "7"},
                        {"drift_nano", "-3"}, {"since_ms", whole(now_ms - 1)}, {"at_ms", whole(now_ms)}});
    }
    return {{"rows", rows}, {"total", keys.size()}, {"at_ms", keys.empty() ? Json() : whole(now_ms)}};
}

Json FakeDatabase::Tables::metrics(double now_ms) const {
    Json out = admin_stats(now_ms);
    std::map<std::string, Figures> by_model;
    for (const auto& [place, figures] : hours) add(by_model[place.first], figures);
    out["models"] = out["refusals"] = Json::array();
    for (const auto& [model, figures] : by_model) {
        out["models"].push_back(row_of(figures));
        out["models"].back()["model"] = model;
    }
    for (const auto& [kind, count] : refusals) out["refusals"].push_back({{"kind", kind}, {"count", std::to_string(count)}});
    return out;
}

}  // namespace edgepool::test
