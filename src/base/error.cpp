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

const ErrorInfo& error_info(ErrorCode code) {
    for (const ErrorInfo& row : kErrors) {
        if (row.code == code) return row;
    }
    return error_info(ErrorCode::internal);
}

}  // namespace edgepool
