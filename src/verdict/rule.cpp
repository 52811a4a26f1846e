#include "verdict/rule.hpp"

namespace edgepool::verdict {
namespace {

constexpr double kSecond = 1'000;
constexpr double kHour = 3'600 * kSecond;

constexpr Rule kCommon[] = {
    // A web page is a proxy's or a firewall's: it knows nothing about keys.
    {"request_refused", {400, 413, 414, 422, 431}, web_page(), Blame::client},
    {"proxy_page", Statuses::range(300, 599), web_page(), Blame::upstream, {Resets::waiting}, Rule::kIncident},

    {"key_refused", {401}, anything(), Blame::key, {Resets::none, kHour}, Rule::kRefusal | Rule::kIncident},
    {"payment_required", {402}, anything(), Blame::key, {Resets::quota, kHour}},
    {"not_permitted", {403}, anything(), Blame::key_model, {Resets::none, 6 * kHour}, Rule::kIncident},
    {"model_not_found", {404}, about_model(), Blame::model},
    {"model_retired", {410}, anything(), Blame::model},
    {"rate_limited", {429}, anything(), Blame::key, {Resets::waiting, 60 * kSecond}, Rule::kIncident},
    {"overloaded", {503, 529}, anything(), Blame::upstream, {Resets::waiting}, Rule::kIncident},
    {"timed_out", {408, 504, 524}, anything(), Blame::upstream, {Resets::waiting}, Rule::kIncident},
    {"service_failed", Statuses::range(500, 599), anything(), Blame::upstream, {Resets::waiting}, Rule::kIncident},
    {"request_refused", Statuses::range(400, 499), anything(), Blame::client},
    {"unexpected_status", Statuses::range(0, 999), anything(), Blame::upstream, {}, Rule::kIncident},
};

}  // namespace

std::string_view blame_name(Blame blame) {
    switch (blame) {
        case Blame::none: return "none";
        case Blame::client: return "client";
        case Blame::key: return "key";
        case Blame::key_model: return "key_model";
        case Blame::model: return "model";
        case Blame::account: return "account";
        case Blame::upstream: return "upstream";
    }
    return "none";
}

std::span<const Rule> common_rules() { return kCommon; }

}  // namespace edgepool::verdict
