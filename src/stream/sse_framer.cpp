#include "stream/sse_framer.hpp"

#include "json/block.hpp"

namespace edgepool::stream {
namespace {

constexpr std::string_view kMark = "\xEF\xBB\xBF";

// A field's name, its colon and the blank behind it come on top of the data.
constexpr std::size_t kMaxLineBytes = kMaxObservedEventBytes + 16;

}  // namespace

// The byte order mark may come in pieces; what turns out to be none is the beginning of the first line.
std::string_view SseFramer::without_mark(std::string_view chunk) {
    while (mark_matched_ < kMark.size() && !chunk.empty()) {
        if (chunk.front() != kMark[mark_matched_]) {
            keep_line(kMark.substr(0, mark_matched_));
            mark_matched_ = static_cast<unsigned>(kMark.size());
            break;
        }
        ++mark_matched_;
        ++position_;
        chunk.remove_prefix(1);
    }
    return chunk;
}

void SseFramer::feed(std::string_view chunk, EventSink sink) {
    if (mark_matched_ < kMark.size()) chunk = without_mark(chunk);
    const char* const begin = chunk.data();
    const char* const end = begin + chunk.size();
    const char* p = begin;
    while (p != end) {
        if (skip_lf_) {
            skip_lf_ = false;
            if (*p == '\n') {
                ++p;
                continue;
            }
        }
        const char* const line_end = json::find_line_end(p, end);
        const std::string_view piece(p, static_cast<std::size_t>(line_end - p));
        if (line_end == end) {
            keep_line(piece);
            break;
        }
        skip_lf_ = *line_end == '\r';
        p = line_end + 1;
        const std::uint64_t bytes_end = position_ + static_cast<std::uint64_t>(p - begin);
        if (line_.empty() && !line_cut_) {
            take_line(piece, bytes_end, sink);
        } else {
            keep_line(piece);
            take_line(line_, bytes_end, sink);
            keep_data();  // line_ is about to go: nothing may point into it
            line_.clear();
            line_cut_ = false;
        }
    }
    keep_data();
    position_ += chunk.size();
}

void SseFramer::end(EventSink sink) {
    if (mark_matched_ < kMark.size()) {
        keep_line(kMark.substr(0, mark_matched_));
        mark_matched_ = static_cast<unsigned>(kMark.size());
    }
    if (!line_.empty()) {
        take_field(line_);
        keep_data();
        line_.clear();
        line_cut_ = false;
    }
    dispatch(position_, true, sink);
}

void SseFramer::take_line(std::string_view line, std::uint64_t bytes_end, EventSink sink) {
    if (line.empty()) dispatch(bytes_end, false, sink);
    else take_field(line);
}

void SseFramer::take_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
    if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    if (field == "data") add_data(value);
    else if (field == "event") name_ = value.substr(0, kMaxEventNameBytes);
}

void SseFramer::add_data(std::string_view value) {
    const bool first = !has_data_;
    const std::size_t before = first ? 0 : data_.size() + view_.size() + 1;
    has_data_ = true;
    oversized_ = oversized_ || line_cut_ || before + value.size() > kMaxObservedEventBytes;
    if (oversized_) {
        view_ = {};
        data_ = std::string();
    } else if (first) {
        view_ = value;
    } else {
        keep_data();
        data_.append("\n").append(value);
    }
}

void SseFramer::dispatch(std::uint64_t bytes_end, bool unterminated, EventSink sink) {
    if (has_data_) sink(Event{name_, view_.empty() ? std::string_view(data_) : view_, bytes_end, oversized_, unterminated, settled_});
    settled_ = bytes_end;
    name_.clear();
    data_.clear();
    view_ = {};
    has_data_ = false;
    oversized_ = false;
}

void SseFramer::keep_line(std::string_view piece) {
    const std::size_t room = kMaxLineBytes - line_.size();
    if (piece.size() > room) line_cut_ = true;
    line_.append(piece.substr(0, room));
}

void SseFramer::keep_data() {
    data_.append(view_);
    view_ = {};
}

}  // namespace edgepool::stream
