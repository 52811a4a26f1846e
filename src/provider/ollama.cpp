// Ollama Cloud: OpenAI dialect under /v1, Anthropic's /v1/messages, its own under /api.
#include "provider/rows.hpp"

namespace edgepool {
namespace {

using namespace verdict;

constexpr double kSecond = 1'000;
constexpr double kHour = 3'600 * kSecond;

constexpr Rule kRules[] = {
    {"model_not_in_plan", {402, 403}, message_contains("not included in your|extra usage only|requires a subscription|upgrade for access"),
     Blame::key_model, {Resets::none, 6 * kHour}},
    {"usage_spent", {402}, anything(), Blame::key, {Resets::quota, 6 * kHour}},
    {"account_forbidden", {403}, member_is("message", "forbidden"), Blame::account, {}, Rule::kDisable | Rule::kIncident},

    {"concurrency_limit", {429, 503}, message_contains("concurrent request"), Blame::key, {Resets::waiting, 5 * kSecond}, Rule::kConcurrency},
    {"session_limit", {429}, message_contains("session usage limit"), Blame::key, {Resets::quota, kHour}},
    {"weekly_limit", {429}, message_contains("weekly usage limit"), Blame::key, {Resets::quota, kHour}},
    {"usage_limit", {429}, message_contains("usage limit"), Blame::key, {Resets::quota, kHour}},
};

constexpr HiddenText kHidden[] = {
    // "you (account name) have reached your weekly usage limit"
    {HiddenText::Kind::between, "you (", ")", "you"},
};

constexpr std::string_view kHiddenHeaders[] = {"x-ollama-user", "x-ollama-account", "x-user-id", "x-account-id"};

}  // namespace

constinit const Provider kOllama = {
    .id = "ollama",
    .title = "Ollama Cloud",
    .default_base_url = "https://ollama.com",
    .base_url_variable = "OLLAMA_BASE_URL",
    .disable_variable = "DISABLE_OLLAMA",
    .removed_path_prefix = "",
    .probe_path = "/api/balance",
    .models_path = "/v1/models",
    .probe_format = ProbeFormat::balance,
    .probes_per_minute = 10,
    .is_default = true,
    .serves_ollama_native = true,
    .usage_always_in_stream = false,
    .attributions = {},
    .hidden_response_headers = kHiddenHeaders,
    .hidden_in_errors = kHidden,
    .rules = kRules,
};

}  // namespace edgepool
