// An upstream error taken apart, whatever its shape: {"error":"text"}, {"error":{...}}, the error's value alone, an error inside a choice
// or a response, plain text, a web page, or JSON that was cut off (then members are looked for in the raw text).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "verdict/rule.hpp"
#include "verdict/verdict.hpp"

namespace edgepool::verdict {

class ErrorFacts {
public:
    explicit ErrorFacts(const Answer& answer);
    ~ErrorFacts();
    ErrorFacts(const ErrorFacts&) = delete;
    ErrorFacts& operator=(const ErrorFacts&) = delete;

    // The answer's status; for an error inside a 200 the one that the error itself names or means.
    int status() const { return status_; }

    bool is_web_page() const { return is_web_page_; }

    // What the error says to people; empty for a web page.
    const std::string& message() const { return message_; }
    const std::string& lower_message() const { return lower_message_; }

    // A scalar member as text, by its path inside the error ("metadata.limit_source"), else from the top of the body.
    std::optional<std::string> member(std::string_view path) const;

    // The member is there and is neither null, empty text nor an empty list.
    bool has_member(std::string_view path) const;

    bool fits(const Says& says) const;

private:
    struct Tree;

    std::optional<std::string> member_of_raw(std::string_view path) const;
    int status_inside() const;

    const Answer& answer_;
    std::unique_ptr<Tree> tree_;  // null when the body is not JSON
    int status_ = 0;
    bool is_web_page_ = false;
    std::string message_;
    std::string lower_message_;
};

}  // namespace edgepool::verdict
