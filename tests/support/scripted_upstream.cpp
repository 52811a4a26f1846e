#include "support/scripted_upstream.hpp"

#include <algorithm>

#include "json/splice.hpp"

namespace edgepool::test {

Reply Reply::with(std::string_view name, std::string_view value) const {
    Reply reply = *this;
    reply.headers.set(name, value);
    return reply;
}

Reply Reply::slower(double ms) const {
    Reply reply = *this;
    reply.head_ms += ms;
    return reply;
}

Reply Reply::cut_after(std::size_t count) const {
    Reply reply = *this;
    reply.pieces.resize(std::min(count, reply.pieces.size()));
    reply.end = End::cut;
    return reply;
}

Reply Reply::stalled_after(std::size_t count) const {
    Reply reply = cut_after(count);
    reply.end = End::stalled;
    return reply;
}

Reply json_reply(int status, std::string body) {
    Reply reply;
    reply.status = status;
    reply.headers = {{"content-type", "application/json"}, {"content-length", std::to_string(body.size())}};
    reply.pieces = {{0, std::move(body)}};
    return reply;
}

Reply unreachable() {
    Reply reply;
    reply.kind = Reply::Kind::unreachable;
    return reply;
}

Reply silent() {
    Reply reply;
    reply.kind = Reply::Kind::silent;
    return reply;
}

Reply chat_answer(std::string_view text) {
    return json_reply(200, "{\"id\":\"c1\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":" +
                               json::quote(text) + "},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5}}");
}

Reply refusal(int status, std::string_view message) {
    return json_reply(status, "{\"error\":{\"message\":" + json::quote(message) + ",\"code\":" + std::to_string(status) + "}}");
}

Reply event_stream(std::vector<std::string> pieces, double between_ms) {
    Reply reply;
    reply.headers = {{"content-type", "text/event-stream"}};
    for (std::string& piece : pieces) reply.pieces.push_back({between_ms, std::move(piece)});
    return reply;
}

Reply chat_stream() {
    const auto chunk = [](std::string_view delta) {
        return "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":" + std::string(delta) + "}]}\n\n";
    };
    return event_stream({chunk("{\"role\":\"assistant\",\"content\":\"\"}"), chunk("{\"content\":\"one\"}"), chunk("{\"content\":\" two\"}"),
                         "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5}}\n\n", "data: [DONE]\n\n"});
}

Reply anthropic_stream() {
    return event_stream(
        {"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\n",
         "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"one\"}}\n\n",
         "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\n",
         "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"});
}

Reply native_stream() {
    Reply reply = event_stream({"{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"one\"},\"done\":false}\n",
                                "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\" two\"},\"done\":false}\n",
                                "{\"model\":\"m\",\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":7,\"eval_count\":5}\n"});
    reply.headers = {{"content-type", "application/x-ndjson"}};
    return reply;
}

Reply ScriptedUpstream::answer(Seen request) {
    const std::string key = request.key, url = request.url;
    seen_.push_back(std::move(request));
    for (const auto& [path, reply] : by_path_) {
        if (url.size() > path.size() && url.compare(url.size() - path.size(), path.size(), path) == 0) return reply;
    }
    if (const auto scripted = by_key_.find(key); scripted != by_key_.end()) return scripted->second;
    if (order_.empty()) return default_;
    Reply reply = std::move(order_.front());
    order_.pop_front();
    return reply;
}

std::vector<std::string> ScriptedUpstream::keys_seen() const {
    std::vector<std::string> keys;
    for (const Seen& seen : seen_) keys.push_back(seen.key);
    return keys;
}

}  // namespace edgepool::test
