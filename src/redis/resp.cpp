#include "redis/resp.hpp"

#include "base/text.hpp"

namespace edgepool::redis {
namespace {

constexpr int kDeepest = 2;  // an array in an array

std::optional<std::int64_t> integer_of(std::string_view text) {
    const bool is_negative = !text.empty() && text.front() == '-';
    if (is_negative) text.remove_prefix(1);
    const auto value = parse_u64(text);
    if (!value || *value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return is_negative ? -static_cast<std::int64_t>(*value) : static_cast<std::int64_t>(*value);
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    bool at_end() const { return rest_.empty(); }

    // False when there is no whole reply.
    bool read(Reply& reply, int depth) {
        if (rest_.empty()) return false;
        const char type = rest_.front();
        rest_.remove_prefix(1);
        const auto line = take_line();
        if (!line) return false;
        switch (type) {
            case '+': return set_text(reply, Reply::Kind::status, *line);
            case '-': return set_text(reply, Reply::Kind::error, *line);
            case ':': return read_integer(reply, *line);
            case '$': return read_bulk(reply, *line);
            case '*': return read_array(reply, *line, depth);
            default: return false;
        }
    }

private:
    std::optional<std::string_view> take_line() {
        const std::size_t end = rest_.find("\r\n");
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + 2);
        return line;
    }

    static bool set_text(Reply& reply, Reply::Kind kind, std::string_view text) {
        reply.kind = kind;
        reply.text = text;
        return true;
    }

    static bool read_integer(Reply& reply, std::string_view line) {
        const auto value = integer_of(line);
        reply.kind = Reply::Kind::integer;
        reply.number = value.value_or(0);
        return value.has_value();
    }

    bool read_bulk(Reply& reply, std::string_view line) {
        if (line == "-1") return true;  // nil
        const auto length = parse_u64(line);
        if (!length || rest_.size() < 2 || *length > rest_.size() - 2) return false;
        const auto size = static_cast<std::size_t>(*length);
        if (rest_.substr(size, 2) != "\r\n") return false;
        set_text(reply, Reply::Kind::bulk, rest_.substr(0, size));
        rest_.remove_prefix(size + 2);
        return true;
    }

    bool read_array(Reply& reply, std::string_view line, int depth) {
        if (line == "-1") return true;  // nil
        const auto count = parse_u64(line);
        // Every item has at least three bytes.
        if (!count || depth >= kDeepest || *count > rest_.size() / 3) return false;
        reply.kind = Reply::Kind::array;
        for (std::uint64_t i = 0; i < *count; ++i) {
            reply.items.emplace_back();
            if (!read(reply.items.back(), depth + 1)) return false;
        }
        return true;
    }

    std::string_view rest_;
};

bool read_result(const json::Json& value, Reply& reply, int depth) {
    if (value.is_null()) return true;
    if (value.is_string()) {
        reply.kind = Reply::Kind::bulk;
        reply.text = value.get<std::string>();
        return true;
    }
    if (value.is_number_integer()) {
        reply.kind = Reply::Kind::integer;
        reply.number = value.get<std::int64_t>();
        return true;
    }
    if (!value.is_array() || depth >= kDeepest) return false;
    reply.kind = Reply::Kind::array;
    for (const json::Json& item : value) {
        reply.items.emplace_back();
        if (!read_result(item, reply.items.back(), depth + 1)) return false;
    }
    return true;
}

}  // namespace

std::string encode(const std::vector<Command>& commands) {
    std::string out;
    for (const Command& command : commands) {
        out.append("*").append(std::to_string(command.size())).append("\r\n");
        for (const std::string& word : command) {
            out.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
        }
    }
    return out;
}

std::optional<std::vector<Reply>> parse_replies(std::string_view bytes) {
    std::vector<Reply> replies;
    Reader reader(bytes);
    while (!reader.at_end()) {
        replies.emplace_back();
        if (!reader.read(replies.back(), 0)) return std::nullopt;
    }
    return replies;
}

std::optional<std::int64_t> number_of(const Reply& reply) {
    if (reply.kind == Reply::Kind::integer) return reply.number;
    if (reply.kind != Reply::Kind::bulk) return std::nullopt;
    return integer_of(reply.text);
}

std::string encode_rest(const std::vector<Command>& commands) {
    json::Writer out;
    out.begin_array();
    for (const Command& command : commands) {
        out.begin_array();
        for (const std::string& word : command) out.string(word);
        out.end_array();
    }
    return out.end_array().take();
}

std::optional<std::vector<Reply>> read_rest_replies(const json::Json& body) {
    if (!body.is_array()) return std::nullopt;
    std::vector<Reply> replies;
    for (const json::Json& row : body) {
        replies.emplace_back();
        Reply& reply = replies.back();
        if (const auto error = json::get_string(row, "error")) {
            reply.kind = Reply::Kind::error;
            reply.text = *error;
            continue;
        }
        const auto result = row.is_object() ? row.find("result") : row.end();
        if (!row.is_object() || result == row.end() || !read_result(*result, reply, 0)) return std::nullopt;
    }
    return replies;
}

}  // namespace edgepool::redis
