// Every input of the corpus through its fuzz target, once: what fuzzing has found stays found. A check that fails ends the program; Catch2
// then names the input.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/catch.hpp"

#define FUZZ_TARGET(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
#include "fuzz_targets.def"
#undef FUZZ_TARGET

namespace {

struct Target {
    const char* name;
    int (*run)(const std::uint8_t*, std::size_t);
};

constexpr Target kTargets[] = {
#define FUZZ_TARGET(name) {#name, fuzz_##name},
#include "fuzz_targets.def"
};

const std::filesystem::path kCorpus = EDGEPOOL_SOURCE_DIR "/tests/fuzz/corpus";

std::vector<std::uint8_t> bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("every fuzz target has a corpus and stands every input of it, whole and cut short") {
    for (const Target& target : kTargets) {
        CAPTURE(target.name);
        REQUIRE(std::filesystem::is_directory(kCorpus / target.name));
        int inputs = 0;
        for (const auto& entry : std::filesystem::directory_iterator(kCorpus / target.name)) {
            CAPTURE(entry.path().filename().string());
            const std::vector<std::uint8_t> input = bytes_of(entry.path());
            for (const std::size_t size : {input.size(), input.size() / 2, input.size() - std::min<std::size_t>(1, input.size())}) {
                CAPTURE(size);
                CHECK(target.run(input.data(), size) == 0);
            }
            ++inputs;
        }
        CHECK(inputs > 0);
    }
}

TEST_CASE("every folder of the corpus belongs to a fuzz target") {
    for (const auto& entry : std::filesystem::directory_iterator(kCorpus)) {
        const std::string name = entry.path().filename().string();
        CAPTURE(name);
        CHECK(std::any_of(std::begin(kTargets), std::end(kTargets), [&](const Target& target) { return name == target.name; }));
    }
}
