// The attempts under way: which key each one occupies and since when. A place is freed once, by its number; one whose request has
// vanished without a word is freed by age. The sweep looks at a few places at a time, so it costs nothing worth measuring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace edgepool::keys {

struct PlaceNumber {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
};

struct Place {
    std::uint32_t slot = 0;
    std::uint32_t slot_generation = 0;
    double taken_ms = 0;
    std::uint32_t probe = 0;  // number of the key's probe; 0 = an ordinary attempt
};

class Places {
public:
    // Longer than any request may last (config: 15 minutes), with room for a slow end.
    static constexpr double kLifetimeMs = 1'200'000;
    // A probe without a first byte for so long holds nobody up any more.
    static constexpr double kProbePatienceMs = 180'000;

    PlaceNumber open(const Place& place);

    // The place, freed; nullopt when it is not taken any more.
    std::optional<Place> close(PlaceNumber number);

    // The probe has had its answer: what goes on is an ordinary attempt. Gives the probe's number; 0 when the place is not one's (any more).
    std::uint32_t end_probe(PlaceNumber number);

    // Looks at up to `most` places; gives one that has outlived its time, freed.
    std::optional<Place> sweep(double now_ms, std::size_t most);

    std::size_t size() const { return rows_.size() - free_.size(); }

private:
    struct Row {
        Place place;
        std::uint32_t generation = 0;
        bool taken = false;
    };

    std::vector<Row> rows_;
    std::vector<std::uint32_t> free_;
    std::size_t cursor_ = 0;
};

}  // namespace edgepool::keys
