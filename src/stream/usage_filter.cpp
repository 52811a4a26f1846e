#include "stream/usage_filter.hpp"

#include <algorithm>

namespace edgepool::stream {

std::string UsageFilter::push(std::string_view chunk) {
    waiting_.append(chunk);
    observer_.push(chunk);
    const std::uint64_t settled = std::max(observer_.settled(), waiting_from_);
    const bool is_too_large = observer_.bytes() - settled > kMaxObservedEventBytes + kMaxEventNameBytes;
    return release(is_too_large ? observer_.bytes() : settled);
}

std::string UsageFilter::finish() {
    observer_.finish();
    return release(observer_.bytes());
}

std::string UsageFilter::release(std::uint64_t until) {
    std::string out;
    std::uint64_t at = waiting_from_;
    const auto offset_of = [&](std::uint64_t place) { return static_cast<std::size_t>(place - waiting_from_); };
    const auto pass_until = [&](std::uint64_t end) {
        if (end > at) out.append(waiting_, offset_of(at), static_cast<std::size_t>(end - at));
        at = std::max(at, end);
    };
    for (const StreamObserver::Span& hidden : observer_.take_usage_events()) {
        if (hidden.begin < waiting_from_) continue;  // its beginning has gone: so must the rest
        pass_until(hidden.begin);
        at = std::max(at, hidden.end);
    }
    pass_until(until);
    waiting_.erase(0, offset_of(until));
    waiting_from_ = until;
    return out;
}

}  // namespace edgepool::stream
