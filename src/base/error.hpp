// Errors as values: a numbered code from the one table in error.def, plus a detail for people.
// The detail never holds a secret: no key, no token, no request body.
// Result<T> is tl::expected (the core is compiled without exceptions).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace edgepool {

enum class ErrorCode : std::uint16_t {
#define EDGEPOOL_ERROR(number, name, status, fault, retryable) name = number,
#include "base/error.def"
#undef EDGEPOOL_ERROR
};

enum class Fault : std::uint8_t { client, operator_, upstream, storage, pool };

struct ErrorInfo {
    ErrorCode code;
    std::string_view name;  // stable, snake_case; the "code" that clients see
    int http_status;
    Fault fault;
    bool retryable;  // true: the answer carries Retry-After where its status allows one
};

// The row of `code`; a number that is in no row gives the row of `internal`.
const ErrorInfo& error_info(ErrorCode code);

// Its members are defined out of line: results are moved about in every flow, and the module is paid for by the byte.
struct Error {
    Error();
    Error(ErrorCode code, std::string detail, std::string param = {}, std::uint32_t retry_after_s = 0);
    Error(const Error&);
    Error(Error&&) noexcept;
    Error& operator=(const Error&);
    Error& operator=(Error&&) noexcept;
    ~Error();

    ErrorCode code = ErrorCode::internal;
    std::string detail;               // one sentence for people
    std::string param;                // the offending field, when there is one
    std::uint32_t retry_after_s = 0;  // 0 = not stated
};

template <class T>
using Result = tl::expected<T, Error>;

tl::unexpected<Error> fail(ErrorCode code, std::string detail, std::string param = {});

}  // namespace edgepool
