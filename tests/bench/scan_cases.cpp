#include "scan_cases.hpp"

#include <string_view>

#include "json/dom.hpp"
#include "json/request_facts.hpp"
#include "stream/observer.hpp"

namespace edgepool::bench {
namespace {

constexpr std::string_view kSentences[] = {
    "The quick brown fox jumps over the lazy dog while the band plays on. ",
    "Please explain how a coroutine is suspended and resumed.\\n",
    "Return the answer as \\\"JSON\\\" with the members name and size. ",
    "const result = await pool.take(model, deadline);\\n    if (!result) return;\\n",
    "\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x8C\xE8\xAF\xB7\xE8\xA7\xA3\xE9\x87\x8A\xE8\xBF\x99\xE6\xAE\xB5\xE4\xBB\xA3\xE7\xA0\x81\xE3\x80\x82 ",
    "Numbers such as 3.14159 and dates such as 2026-11-23 stand in plain text as well. "};

class Sequence {
public:
    std::size_t below(std::size_t bound) {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::size_t>(state_ >> 33) % bound;
    }

private:
    std::uint64_t state_ = 42;
};

std::string message(Sequence& sequence, std::size_t most_bytes) {
    std::string text = "{\"role\":\"user\",\"content\":\"";
    const std::size_t wanted = 200 + sequence.below(1500);
    while (text.size() < wanted && text.size() < most_bytes) text += kSentences[sequence.below(std::size(kSentences))];
    return text + "\"}";
}

std::string tool(Sequence& sequence) {
    const std::string number = std::to_string(sequence.below(1000));
    return "{\"type\":\"function\",\"function\":{\"name\":\"tool_" + number +
           "\",\"strict\":true,\"parameters\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},\"line\":{\"type\":\"integer\",\"minimum\":" +
           number + "},\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[\"a\",\"b\",null]}}},\"required\":[\"path\",\"line\"]}}}";
}

}  // namespace

std::string request_body(Shape shape, std::size_t size) {
    Sequence sequence;
    std::string body = "{\"stream\":true,";
    body += shape == Shape::chat ? "\"messages\":[" : "\"tools\":[";
    for (bool first = true; first || body.size() + 100 < size; first = false) {
        if (!first) body += ',';
        body += shape == Shape::chat ? message(sequence, size - body.size() - 60) : tool(sequence);
    }
    return body + "],\"temperature\":0.7,\"model\":\"gpt-oss:120b\"}";
}

std::string chat_stream(std::size_t events) {
    std::string stream;
    for (std::size_t i = 0; i < events; ++i) {
        stream += "data: {\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\",\"created\":1795435200,\"model\":\"gpt-oss:120b\","
                  "\"system_fingerprint\":\"fp_ollama\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\" word\"},\"finish_reason\":null}]}\n\n";
    }
    return stream + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":200}}\n\ndata: [DONE]\n\n";
}

std::size_t scan_once(const std::string& body) {
    const auto facts = json::read_request_facts(body);
    return facts ? facts->object.end + facts->model.size() : 0;
}

std::size_t parse_once(const std::string& body) {
    const json::Json value = json::Json::parse(body, nullptr, false);
    return value.is_object() ? value.size() : 0;
}

std::size_t observe_once(const std::string& stream, std::size_t chunk_bytes) {
    stream::StreamObserver observer(Dialect::openai, true);
    for (std::size_t at = 0; at < stream.size(); at += chunk_bytes) observer.push(std::string_view(stream).substr(at, chunk_bytes));
    observer.finish();
    return observer.terminated() ? static_cast<std::size_t>(observer.text_bytes() + observer.usage().prompt) : 0;
}

}  // namespace edgepool::bench
