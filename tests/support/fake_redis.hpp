// A Redis in virtual time: the commands that the core sends, over one conversation that ends with QUIT. Several isolates may share it. It
// can be down, hang, answer nonsense, or want a password.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/operation.hpp"
#include "redis/resp.hpp"

namespace edgepool::test {

class FakeRedis {
public:
    enum class Trouble { none, down, hangs, nonsense, cut, refuses, read_only };

    struct Said {
        std::optional<std::string> bytes;  // nullopt: nobody is there
        double after_ms = 0;
    };

    Said converse(const host::SocketExchange& exchange, double now_ms);

    Trouble trouble = Trouble::none;
    std::string password;
    std::size_t conversations = 0;
    std::vector<redis::Command> commands;
    std::map<std::string, std::string> texts;
    std::map<std::string, std::vector<std::string>> lists;
    std::map<std::string, double> ends_ms;

private:
    std::string answer(const redis::Command& command, double now_ms, bool& is_in);
    std::string change_by(const std::string& key, long long amount);
};

}  // namespace edgepool::test
