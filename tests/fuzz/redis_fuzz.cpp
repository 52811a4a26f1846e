// What a Redis says, or whoever answers in its place: replies over a socket and over the REST interface. What is read once reads the same
// again, nothing is read of what was cut off, and a command that is written is read back as it was.
#include "fuzz/fuzz_check.hpp"
#include "redis/resp.hpp"
#include "redis/server.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

std::size_t bytes_of(const redis::Reply& reply) {
    std::size_t sum = reply.text.size();
    for (const redis::Reply& item : reply.items) sum += bytes_of(item);
    return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto replies = redis::parse_replies(bytes)) {
        std::size_t sum = 0;
        for (const redis::Reply& reply : *replies) sum += bytes_of(reply) + static_cast<std::size_t>(redis::number_of(reply).has_value());
        check(sum <= size);
        if (!bytes.empty()) check(!redis::parse_replies(bytes.substr(0, size - 1)).has_value());
    }
    const std::string text(bytes);
    const auto written = redis::parse_replies(redis::encode({{"SET", text}, {text, "x"}}));
    check(written && written->size() == 2 && (*written)[0].items.at(1).text == text && (*written)[1].items.at(0).text == text);
    if (const auto body = json::parse(bytes)) {
        if (const auto rest = redis::read_rest_replies(*body)) check(rest->size() == body->size());
    }
    if (const auto server = redis::parse_server(bytes)) check(!server->host.empty() && server->port != 0);
    return 0;
}
