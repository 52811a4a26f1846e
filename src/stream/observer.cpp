#include "stream/observer.hpp"

#include "base/text.hpp"
#include "usage/answer_facts.hpp"

namespace edgepool::stream {

StreamObserver::StreamObserver(Dialect dialect, bool sse) : dialect_(dialect), sse_(sse) {}

void StreamObserver::push(std::string_view chunk) {
    bytes_ += chunk.size();
    if (!chunk.empty()) last_byte_ = chunk.back();
    const auto on_event = [this](const Event& event) { observe(event); };
    if (sse_) sse_framer_.push(chunk, on_event);
    else ndjson_framer_.push(chunk, on_event);
}

void StreamObserver::finish() {
    const auto on_event = [this](const Event& event) { observe(event); };
    if (sse_) sse_framer_.finish(on_event);
    else ndjson_framer_.finish(on_event);
}

void StreamObserver::observe(const Event& event) {
    const bool is_error = event.name == "error";
    const std::string_view data = trim(event.data);
    if (event.name == "ping" || (data.empty() && !event.oversized && !is_error)) return;

    if (speaks_openai(dialect_) && data == "[DONE]") {
        terminated_ = true;
        ++real_events_;
        return;
    }
    const std::optional<usage::AnswerFacts> facts = data.empty() ? std::nullopt : usage::read_answer_facts(data);
    if (facts && facts->type == "ping") return;

    ++real_events_;
    observe_name(event.name);
    if (facts) observe_facts(*facts);
    if (notes_usage_events_ && facts && usage::reports_usage_alone(*facts)) usage_events_.push_back({event.bytes_begin, event.bytes_end});
    if (!is_error || error_) return;
    if (facts) keep_error(usage::wrap_error(data));
    else keep_error(usage::wrap_error_text(data.empty() ? "an error event without readable data" : data));
}

void StreamObserver::observe_facts(const usage::AnswerFacts& facts) {
    text_bytes_ += facts.text_bytes;
    if (parts_.take(dialect_, facts)) reported_text_bytes_ = text_bytes_;
    observe_name(facts.type);
    if (dialect_ == Dialect::ollama && facts.done) terminated_ = true;
    if (std::optional<std::string> error = usage::error_of(dialect_, facts)) keep_error(std::move(*error));
}

// An event's name, or the type that its data repeats.
void StreamObserver::observe_name(std::string_view type) {
    if (dialect_ == Dialect::anthropic && type == "message_stop") terminated_ = true;
    if (speaks_openai(dialect_) && usage::ends_response(type)) terminated_ = true;
}

void StreamObserver::keep_error(std::string error) {
    if (error_) return;
    error_is_first_ = real_events_ == 1;
    error_ = std::move(error);
}

}  // namespace edgepool::stream
