#include "base/error.hpp"

#include <array>

namespace edgepool {
namespace {

constexpr std::array kErrors = {
#define EDGEPOOL_ERROR(number, name, status, fault, retryable) \
    ErrorInfo{ErrorCode::name, #name, status, Fault::fault, retryable},
#include "base/error.def"
#undef EDGEPOOL_ERROR
};

}  // namespace

Error::Error() = default;
Error::Error(ErrorCode error_code, std::string error_detail, std::string error_param, std::uint32_t retry_s)
    : code(error_code), detail(std::move(error_detail)), param(std::move(error_param)), retry_after_s(retry_s) {}
Error::Error(const Error&) = default;
Error::Error(Error&&) noexcept = default;
Error& Error::operator=(const Error&) = default;
Error& Error::operator=(Error&&) noexcept = default;
Error::~Error() = default;

tl::unexpected<Error> fail(ErrorCode code, std::string detail, std::string param) {
    return tl::unexpected<Error>(Error(code, std::move(detail), std::move(param)));
}

const ErrorInfo& error_info(ErrorCode code) {
    for (const ErrorInfo& row : kErrors) {
        if (row.code == code) return row;
    }
    return error_info(ErrorCode::internal);
}

}  // namespace edgepool
