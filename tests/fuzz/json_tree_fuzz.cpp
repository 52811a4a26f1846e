// The tree and the writer: what is parsed is what nlohmann parses, the scanner agrees with it, and what is written is read back the same.
#include <string>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "fuzz/fuzz_check.hpp"
#include "json/dom.hpp"
#include "json/scan.hpp"
#include "json/splice.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    check(valid_utf8(valid_utf8(text)) == valid_utf8(text));
    const std::string quoted = json::quote(text);
    const auto read = json::parse(quoted);
    check(read && read->is_string() && read->get_ref<const std::string&>() == valid_utf8(text));

    const auto tree = json::parse(text);
    const json::Json reference = json::Json::parse(text, nullptr, false);
    if (!tree) return 0;  // nlohmann may have taken it: our depth is bounded
    check(!reference.is_discarded() && *tree == reference);
    check(json::scan_value(text).has_value());

    const std::string written = json::dump(*tree);
    const auto again = json::parse(written);
    check(again.has_value());
    check(json::dump(*again) == written);
    check(json::scan_value(written).has_value());
    return 0;
}
