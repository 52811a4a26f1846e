// What a Redis says, or whoever answers in its place: replies over a socket and over the REST interface. What is read is what a
// slow reader reads, nothing is read of what was cut off, and a command that is written is read back as it was.
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

// Replies as one text, to be compared.
void write(std::string& out, const redis::Reply& reply) {
    out.push_back(static_cast<char>('a' + static_cast<int>(reply.kind)));
    out.append(reply.text + '\0' + std::to_string(reply.number) + ',' + std::to_string(reply.items.size()) + ';');
    for (const redis::Reply& item : reply.items) write(out, item);
}

// The protocol, read slowly and written in the same way: by position, one byte at a time. False when there is no whole reply at `at`.
class SlowReader {
public:
    explicit SlowReader(std::string_view bytes) : bytes_(bytes) {}

    std::optional<std::string> all() {
        std::string out;
        while (at_ < bytes_.size()) {
            if (!one(out, 0)) return std::nullopt;
        }
        return out;
    }

private:
    bool one(std::string& out, int depth) {
        if (at_ >= bytes_.size()) return false;
        const char type = bytes_[at_++];
        std::string line;
        for (;; ++at_) {
            if (at_ + 1 >= bytes_.size()) return false;
            if (bytes_[at_] == '\r' && bytes_[at_ + 1] == '\n') break;
            line.push_back(bytes_[at_]);
        }
        at_ += 2;
        redis::Reply reply;
        if ((type == '$' || type == '*') && line == "-1") return write(out, reply), true;
        if (type == '+' || type == '-') {
            reply.kind = type == '+' ? redis::Reply::Kind::status : redis::Reply::Kind::error;
            reply.text = line;
            return write(out, reply), true;
        }
        const bool is_negative = type == ':' && !line.empty() && line[0] == '-';
        const auto digits = count_of(is_negative ? line.substr(1) : line);
        if (!digits) return false;
        if (type == ':') {
            reply.kind = redis::Reply::Kind::integer;
            reply.number = is_negative ? -*digits : *digits;
            return write(out, reply), true;
        }
        if (type == '$') return bulk(out, static_cast<std::size_t>(*digits));
        if (type != '*' || depth == 2) return false;
        std::string items;
        for (std::int64_t i = 0; i < *digits; ++i) {
            if (!one(items, depth + 1)) return false;
        }
        out.push_back(static_cast<char>('a' + static_cast<int>(redis::Reply::Kind::array)));
        out.append(std::string(1, '\0') + "0," + std::to_string(*digits) + ';' + items);
        return true;
    }

    bool bulk(std::string& out, std::size_t size) {
        redis::Reply reply;
        reply.kind = redis::Reply::Kind::bulk;
        for (std::size_t i = 0; i < size; ++i) {
            if (at_ >= bytes_.size()) return false;
            reply.text.push_back(bytes_[at_++]);
        }
        if (bytes_.substr(at_, 2) != "\r\n") return false;
        at_ += 2;
        return write(out, reply), true;
    }

    // Up to 19 digits that fit 63 bits.
    static std::optional<std::int64_t> count_of(const std::string& text) {
        if (text.empty() || text.size() > 19) return std::nullopt;
        std::uint64_t value = 0;
        for (const char c : text) {
            if (c < '0' || c > '9') return std::nullopt;
            value = value * 10 + static_cast<std::uint64_t>(c - '0');
        }
        if (value > INT64_MAX) return std::nullopt;
        return static_cast<std::int64_t>(value);
    }

    std::string_view bytes_;
    std::size_t at_ = 0;
};

void check_against_slow_reader(std::string_view bytes, const std::optional<std::vector<redis::Reply>>& replies) {
    const auto expected = SlowReader(bytes).all();
    check(replies.has_value() == expected.has_value());
    if (!replies) return;
    std::string out;
    for (const redis::Reply& reply : *replies) write(out, reply);
    check(out == *expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto replies = redis::parse_replies(bytes);
    check_against_slow_reader(bytes, replies);
    if (replies) {
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
