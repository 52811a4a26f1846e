// Redis' wire protocol (RESP2): commands out, replies in. Not the connection: what goes out and comes in is whole, as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/dom.hpp"

namespace edgepool::redis {

using Command = std::vector<std::string>;

struct Reply {
    enum class Kind : std::uint8_t { status, error, integer, bulk, nil, array };

    Kind kind = Kind::nil;
    std::string text;          // of status, error and bulk
    std::int64_t number = 0;   // of integer
    std::vector<Reply> items;  // of array
};

std::string encode(const std::vector<Command>& commands);

// All replies of a pipeline. nullopt when the bytes are no RESP2, end before a reply does, or nest deeper than an array in an array.
std::optional<std::vector<Reply>> parse_replies(std::string_view bytes);

// The number of an integer reply or of a decimal text; nullopt of anything else.
std::optional<std::int64_t> number_of(const Reply& reply);

// The same over Upstash's REST interface: a JSON array of commands, answered by [{"result": ...} or {"error": "..."}].
std::string encode_rest(const std::vector<Command>& commands);
std::optional<std::vector<Reply>> read_rest_replies(const json::Json& body);

}  // namespace edgepool::redis
