#include "json/writer.hpp"

#include "json/splice.hpp"

namespace edgepool::json {

void Writer::before_value() {
    if (comma_due_) text_.push_back(',');
    comma_due_ = true;
}

Writer::Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() = default;

Writer& Writer::begin_object() {
    before_value();
    text_.push_back('{');
    comma_due_ = false;
    return *this;
}

Writer& Writer::end_object() {
    text_.push_back('}');
    comma_due_ = true;
    return *this;
}

Writer& Writer::begin_array() {
    before_value();
    text_.push_back('[');
    comma_due_ = false;
    return *this;
}

Writer& Writer::end_array() {
    text_.push_back(']');
    comma_due_ = true;
    return *this;
}

Writer& Writer::key(std::string_view name) {
    before_value();
    text_.append(quote(name)).push_back(':');
    comma_due_ = false;
    return *this;
}

Writer& Writer::string(std::string_view text) { return raw(quote(text)); }

Writer& Writer::integer(std::int64_t value) { return raw(std::to_string(value)); }

Writer& Writer::boolean(bool value) { return raw(value ? "true" : "false"); }

Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view json) {
    before_value();
    text_.append(json);
    return *this;
}

Writer& Writer::add_string(std::string_view name, std::string_view text) { return key(name).string(text); }

Writer& Writer::add_integer(std::string_view name, std::int64_t value) { return key(name).integer(value); }

Writer& Writer::add_boolean(std::string_view name, bool value) { return key(name).boolean(value); }

Writer& Writer::add_null(std::string_view name) { return key(name).null(); }

Writer& Writer::add_raw(std::string_view name, std::string_view json) { return key(name).raw(json); }

}  // namespace edgepool::json
