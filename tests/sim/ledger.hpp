// What one isolate has been told or has found out about its keys, kept in the plainest way: maps, the newest word by at_ms. It objects
// when the pool hands out a key that by this knowledge must rest.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "keys/working_set.hpp"

namespace edgepool::sim {

class Ledger {
public:
    void loaded(const keys::WorkingSet& set);
    void changed(const keys::Changes& changes);
    void recorded(const std::vector<keys::VerdictRecord>& records);

    bool knows(const std::string& id) const { return members_.count(id) != 0; }

    // Why `id` must not serve `model` now; nullopt when it may.
    std::optional<std::string> objection(const std::string& id, const std::string& model, double now_ms) const;

private:
    struct Word {
        double at_ms = 0;
        double rests_until_ms = 0;
        bool is_own = false;
    };

    static void hear(Word& word, double at_ms, double rests_until_ms, bool is_own);

    std::set<std::string> members_;
    std::map<std::string, Word> keys_;
    std::map<std::pair<std::string, std::string>, Word> pairs_;
};

}  // namespace edgepool::sim
