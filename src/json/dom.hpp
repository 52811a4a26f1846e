// JSON as a tree, for administration and database bodies. Client and upstream bodies on the hot path are scanned (scan.hpp), never parsed
// here. This header brings nlohmann in: include it in as few translation units as possible.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "json/writer.hpp"

namespace edgepool::json {

using Json = nlohmann::json;

// nullopt when `text` is not one JSON value of valid UTF-8, nests deeper than limits::kMaxJsonDepth, or has more values in all than
// limits::kMaxJsonTreeValues: a tree is many times as large as a text like "[0,0,0]".
std::optional<Json> parse(std::string_view text);

// Why parse() gives nothing for `text`: bad_json.
Error parse_error(std::string_view text);

// Without blanks; what is not UTF-8 becomes U+FFFD. Numbers with a fraction are written to nine decimals; one too large for that is null.
std::string dump(const Json& value);
void write(Writer& out, const Json& value);

// A member of an object, when it has that type; nullopt otherwise, also when `object` is no object.
std::optional<std::string> get_string(const Json& object, const char* name);
std::optional<std::int64_t> get_int(const Json& object, const char* name);  // 12 and 12.0, not 12.5
std::optional<bool> get_bool(const Json& object, const char* name);

// The same, or its decimal text: the database sends large integers as text.
std::optional<std::int64_t> get_int_or_text(const Json& object, const char* name);

}  // namespace edgepool::json
