// OpenRouter: OpenAI dialect and Anthropic's messages under /api/v1.
#include "provider/rows.hpp"

namespace edgepool {
namespace {

using namespace verdict;

constexpr double kSecond = 1'000;
constexpr double kHour = 3'600 * kSecond;

constexpr Rule kRules[] = {
    {"model_not_found", {400}, message_contains("not a valid model id"), Blame::model},

    {"request_exceeds_balance", {402}, member_is("metadata.reason", "weight_exceeds_budget"), Blame::account},
    {"request_exceeds_balance", {402}, message_contains("fewer max_tokens|can only afford"), Blame::account},
    {"in_flight_budget", {402}, member_is("metadata.limit_source", "openrouter_in_flight_budget"), Blame::key, {Resets::waiting, 5 * kSecond}},
    {"key_limit", {402}, member_is("metadata.limit_source", "openrouter_key_limit"), Blame::key, {Resets::quota, 6 * kHour}},
    {"key_limit", {402, 403}, message_contains("key limit exceeded"), Blame::key, {Resets::quota, 6 * kHour}},
    {"no_credits", {402}, anything(), Blame::account, {Resets::none, kHour}},

    {"moderation", {403}, member_present("metadata.reasons"), Blame::client},
    {"moderation", {403}, member_present("metadata.flagged_input"), Blame::client},
    {"guardrail", {403}, member_present("metadata.patterns"), Blame::client},
    {"not_permitted", {403}, anything(), Blame::key_model, {Resets::none, 6 * kHour}},

    {"account_policy", {404}, message_contains("data policy|settings/privacy"), Blame::key_model, {Resets::none, 6 * kHour}},
    {"model_not_found", {404}, message_contains("no endpoints found"), Blame::model},
    {"model_not_found", {404}, member_is("metadata.error_type", "not_found"), Blame::model},
    {"model_not_found", {404, 410}, member_present("metadata.availability.code"), Blame::model},

    {"free_tier_daily", {429}, member_is("metadata.limit_source", "openrouter_free_tier_daily"), Blame::key_model, {Resets::quota, kHour},
     Rule::kWholeFamily, "*:free"},
    {"free_tier_daily", {429}, message_contains("free-models-per-day"), Blame::key_model, {Resets::quota, kHour}, Rule::kWholeFamily, "*:free"},
    {"free_tier_minute", {429}, message_contains("free-models-per-min"), Blame::key_model, {Resets::quota, 60 * kSecond}, Rule::kWholeFamily,
     "*:free"},
    {"shared_capacity", {429}, member_is("metadata.limit_source", "openrouter_shared_capacity|upstream_provider_shared_pool"), Blame::upstream,
     {Resets::waiting}},
    {"shared_capacity", {429}, member_is("metadata.availability.code", "capacity_exhausted"), Blame::upstream, {Resets::waiting}},
    {"provider_rate_limited", {429}, member_present("metadata.provider_name"), Blame::upstream, {Resets::waiting}},
    {"provider_rate_limited", {429}, member_present("metadata.provider_code"), Blame::upstream, {Resets::waiting}},

    {"no_provider", {503}, message_contains("no allowed providers|no available model provider"), Blame::upstream, {Resets::waiting}},
};

constexpr HiddenText kHidden[] = {
    {HiddenText::Kind::json_string, "user_id"},
};

constexpr std::string_view kHiddenHeaders[] = {"x-clerk-auth-message", "x-clerk-auth-reason", "x-clerk-auth-status", "x-user-id",
                                               "openai-organization",  "openai-project"};

constexpr std::string_view kModelChoosingMembers[] = {"models", "fallbacks"};  // of chats; of Anthropic's messages

constexpr std::string_view kPassingHeaders[] = {"x-openrouter-"};

constexpr Attribution kAttributions[] = {
    {"http-referer", "OPENROUTER_APP_URL"},
    {"x-title", "OPENROUTER_APP_TITLE"},
};

}  // namespace

constinit const Provider kOpenRouter = {
    .id = "openrouter",
    .title = "OpenRouter",
    .default_base_url = "https://openrouter.ai/api/v1",
    .base_url_variable = "OPENROUTER_BASE_URL",
    .disable_variable = "DISABLE_OPENROUTER",
    .removed_path_prefix = "/v1",
    .probe_path = "/key",
    .models_path = "/models",
    .probe_format = ProbeFormat::key_limits,
    .probes_per_minute = 20,
    .is_default = false,
    .serves_ollama_native = false,
    .usage_always_in_stream = true,
    .model_choosing_members = kModelChoosingMembers,
    .attributions = kAttributions,
    .passing_request_headers = kPassingHeaders,
    .hidden_response_headers = kHiddenHeaders,
    .hidden_in_errors = kHidden,
    .rules = kRules,
};

}  // namespace edgepool
