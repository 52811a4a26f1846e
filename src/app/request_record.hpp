// What happened to one request, gathered while it is served, for its line in the log and its data point. Holds no secret, nothing of
// a prompt and no query string. Whoever answers sets `status`; whoever tries a key sets the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "usage/usage.hpp"

namespace edgepool::app {

enum class RequestOutcome : std::uint8_t {
    answered,  // by us, or a request that is not counted
    success,   // counted as a success
    failure,   // counted as a failure
    refused,   // an error of ours, before a key was tried
    left       // the client had gone before there was an answer
};

struct RequestRecord {
    int status = 0;              // that the client saw; 0 = it left before there was one
    std::string_view error;      // name of an error of ours
    RequestOutcome outcome = RequestOutcome::answered;
    std::string_view provider;   // whose key was tried last
    std::string model;           // as it was counted
    std::string token;           // the beginning of the client token's hash
    std::string key_id;          // of the last attempt
    std::uint32_t attempts = 0;
    std::string_view delivery;   // "stream" or "whole", of what the client asked for
    std::optional<double> first_byte_ms;
    usage::Usage usage;
};

}  // namespace edgepool::app
