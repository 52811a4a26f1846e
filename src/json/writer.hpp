// Writes one JSON text from left to right, with the commas where they belong. For answers whose shape the code knows: no tree is built.
// Calling in an order that is no JSON is the caller's mistake and is not detected.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace edgepool::json {

class Writer {
public:
    Writer();
    Writer(Writer&&) noexcept;
    Writer& operator=(Writer&&) noexcept;
    ~Writer();

    Writer& begin_object();
    Writer& end_object();
    Writer& begin_array();
    Writer& end_array();

    Writer& key(std::string_view name);

    Writer& string(std::string_view text);
    Writer& integer(std::int64_t value);
    Writer& boolean(bool value);
    Writer& null();
    Writer& raw(std::string_view json);  // one value, written by the caller

    // A member of the object that is open: its name and its value in one call.
    Writer& add_string(std::string_view name, std::string_view text);
    Writer& add_integer(std::string_view name, std::int64_t value);
    Writer& add_boolean(std::string_view name, bool value);
    Writer& add_null(std::string_view name);
    Writer& add_raw(std::string_view name, std::string_view json);

    const std::string& text() const { return text_; }
    std::string take() { return std::move(text_); }

private:
    void before_value();

    std::string text_;
    bool comma_due_ = false;
};

}  // namespace edgepool::json
