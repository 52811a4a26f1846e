#include "conformance/verdict_table.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "support/catch.hpp"

using namespace edgepool::conformance;

TEST_CASE("docs/VERDICTS.md says what the rules say") {
    const std::string path = std::string(EDGEPOOL_SOURCE_DIR) + "/docs/VERDICTS.md";
    if (std::getenv("EDGEPOOL_UPDATE_DOCS") != nullptr) {
        std::ofstream file(path, std::ios::binary | std::ios::trunc);
        file << verdicts_document();
    }
    std::ifstream file(path, std::ios::binary);
    const std::string written((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    CHECK(written == verdicts_document());
}
