// An ordered list of HTTP header fields. Names are kept in lower case; values as they came.
// Wire form (the boundary's): name NUL value NUL, repeated.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgepool {

class Headers {
public:
    using Field = std::pair<std::string, std::string>;

    Headers();
    Headers(std::initializer_list<Field> fields);
    Headers(const Headers&);
    Headers(Headers&&) noexcept;
    Headers& operator=(const Headers&);
    Headers& operator=(Headers&&) noexcept;
    ~Headers();

    // The first value of `lower_name`, or an empty view.
    std::string_view get(std::string_view lower_name) const;
    bool has(std::string_view lower_name) const;

    void add(std::string_view lower_name, std::string_view value);
    void set(std::string_view lower_name, std::string_view value);

    const std::vector<Field>& fields() const { return fields_; }

    std::string to_wire() const;
    static Headers from_wire(std::string_view wire);

private:
    std::vector<Field> fields_;
};

}  // namespace edgepool
