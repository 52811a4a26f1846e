// Small text operations on ASCII protocol text that the standard library lacks. Nothing here knows Unicode or locales.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgepool {

std::string ascii_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool contains_ignoring_case(std::string_view text, std::string_view lower_needle);
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);

// Decimal digits only, no sign, no blanks; nullopt when empty, longer than 19 digits or not digits.
std::optional<std::uint64_t> parse_u64(std::string_view text);

std::string to_hex(std::string_view bytes);

// At most `max_bytes` of `text`, never cutting a UTF-8 sequence in two.
std::string_view clip_utf8(std::string_view text, std::size_t max_bytes);

// `text` with every byte sequence that is not UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

// True when `text` (UTF-8) holds what the database counts as a control character: C0, DEL, C1, and the two line separators.
bool has_control_character(std::string_view text);

// True when both are equal; takes the same time whatever the position of the first difference.
bool equals_constant_time(std::string_view a, std::string_view b);

}  // namespace edgepool
