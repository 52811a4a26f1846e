#include "support/fake_redis.hpp"

namespace edgepool::test {
namespace {

constexpr double kRoundTripMs = 2;
constexpr double kForEverMs = 60'000;

std::string bulk(const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; }
std::string integer(long long number) { return ":" + std::to_string(number) + "\r\n"; }

std::string array(const std::vector<std::string>& encoded) {
    std::string out = "*" + std::to_string(encoded.size()) + "\r\n";
    for (const std::string& item : encoded) out += item;
    return out;
}

}  // namespace

FakeRedis::Said FakeRedis::converse(const host::SocketExchange& exchange, double now_ms) {
    ++conversations;
    if (trouble == Trouble::down) return {};
    if (trouble == Trouble::hangs) return {std::nullopt, kForEverMs};
    if (trouble == Trouble::nonsense) return {"HTTP/1.1 400 Bad Request\r\n\r\n", kRoundTripMs};
    for (auto at = ends_ms.begin(); at != ends_ms.end();) {
        if (at->second > now_ms) {
            ++at;
            continue;
        }
        texts.erase(at->first);
        lists.erase(at->first);
        at = ends_ms.erase(at);
    }
    std::string out;
    bool is_in = password.empty();
    const auto asked = redis::parse_replies(exchange.bytes);
    for (const redis::Reply& sent : *asked) {
        redis::Command command;
        for (const redis::Reply& word : sent.items) command.push_back(word.text);
        commands.push_back(command);
        out += answer(command, now_ms, is_in);
        if (command[0] == "QUIT") break;
    }
    if (trouble == Trouble::cut) out.resize(out.size() / 2);
    return {out, kRoundTripMs};
}

std::string FakeRedis::change_by(const std::string& key, long long amount) {
    const long long number = (texts.contains(key) ? std::stoll(texts[key]) : 0) + amount;
    texts[key] = std::to_string(number);
    return integer(number);
}

std::string FakeRedis::answer(const redis::Command& command, double now_ms, bool& is_in) {
    const std::string& name = command[0];
    const auto value_of = [&](const std::string& key) { return texts.contains(key) ? bulk(texts[key]) : std::string("$-1\r\n"); };
    if (name == "QUIT") return "+OK\r\n";
    if (name == "AUTH") {
        is_in = command.back() == password;
        return is_in ? "+OK\r\n" : "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
    }
    if (!is_in) return "-NOAUTH Authentication required.\r\n";
    if (trouble == Trouble::refuses) return "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    if (trouble == Trouble::read_only && (name == "INCRBY" || name == "PEXPIRE")) return "-READONLY You can't write against a read only replica.\r\n";
    if (name == "PING") return "+PONG\r\n";
    if (name == "SELECT") return "+OK\r\n";
    if (name == "GET") return value_of(command[1]);
    if (name == "SET") {
        texts[command[1]] = command[2];
        ends_ms[command[1]] = now_ms + 1000 * std::stod(command[4]);
        return "+OK\r\n";
    }
    if (name == "INCR") return change_by(command[1], 1);
    if (name == "INCRBY") return change_by(command[1], std::stoll(command[2]));
    if (name == "PEXPIRE") {
        ends_ms[command[1]] = now_ms + std::stod(command[2]);
        return integer(1);
    }
    if (name == "MGET") {
        std::vector<std::string> values;
        for (std::size_t i = 1; i < command.size(); ++i) values.push_back(value_of(command[i]));
        return array(values);
    }
    if (name == "RPUSH") {
        std::vector<std::string>& list = lists[command[1]];
        list.insert(list.end(), command.begin() + 2, command.end());
        return integer(static_cast<long long>(list.size()));
    }
    if (name == "LTRIM") {
        std::vector<std::string>& list = lists[command[1]];
        const auto kept = static_cast<std::size_t>(-std::stoll(command[2]));
        if (list.size() > kept) list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(kept));
        return "+OK\r\n";
    }
    if (name == "LRANGE") {
        std::vector<std::string> values;
        for (const std::string& text : lists[command[1]]) values.push_back(bulk(text));
        return array(values);
    }
    return "-ERR unknown command\r\n";
}

}  // namespace edgepool::test
