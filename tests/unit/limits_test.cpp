// The bounds that no other test meets: each is consistent with those around it. Where a bound is enforced it is tested beside what
// enforces it: http_request, json_*, key_lines, config, token_cache, worker_instance, and flow/bad_input for the whole way in.
#include "base/limits.hpp"

#include <fstream>
#include <filesystem>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "support/catch.hpp"

using namespace edgepool;

namespace {

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("the bounds fit each other and the platform") {
    CHECK(limits::kDefaultMaxBodyBytes <= limits::kHighestMaxBodyBytes);
    CHECK(limits::kDefaultMaxAttempts <= limits::kHighestMaxAttempts);
    CHECK(limits::kFlushWindowMs < limits::kLongestFlushWindowMs);
    CHECK(limits::kLongestFlushWindowMs + limits::kLongestFlushWindowMs / 5 < 30'000);
    CHECK(limits::kMaxUsageRows <= 10'000);
    CHECK(limits::kKeysPerDatabaseCall <= 10'000);
    CHECK(limits::kWorkingSetKeys <= 2'000);
    CHECK(limits::kMaxPageSize <= 1'000);
    CHECK(limits::kMaxNameBytes <= 256);
    CHECK(limits::kMaxEvidenceBytes <= 64u << 10);
    CHECK(limits::kMaxJsonDepth <= 3'000);
}

TEST_CASE("every bound is used by somebody") {
    const std::filesystem::path root = EDGEPOOL_SOURCE_DIR;
    const std::string header = text_of(root / "src/base/limits.hpp");
    std::string sources;
    for (const char* folder : {"src", "worker"}) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
            if (entry.path().filename() != "limits.hpp" && (entry.path().extension() == ".cpp" || entry.path().extension() == ".hpp")) sources += text_of(entry.path());
        }
    }
    const std::regex declaration(R"(inline constexpr \S+ (k\w+) =)");
    std::size_t count = 0;
    for (std::sregex_iterator at(header.begin(), header.end(), declaration), end; at != end; ++at, ++count) {
        const std::string name = (*at)[1];
        CAPTURE(name);
        CHECK(std::regex_search(sources, std::regex("\\b" + name + "\\b")));
    }
    CHECK(count > 20);
}
