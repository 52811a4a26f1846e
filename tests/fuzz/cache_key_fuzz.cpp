// The cache's canonical form against nlohmann: it says what the text says, blanks and the order of members do not change it, and what
// says something else never has the same one. The input may be two texts, parted by a NUL.
#include <string>

#include "base/sha256.hpp"
#include "cache/cache_key.hpp"
#include "fuzz/fuzz_check.hpp"
#include "json/dom.hpp"

using namespace edgepool;
using edgepool::fuzz::check;
using json::Json;

namespace {

// The value without blanks is written with many, members in the opposite order. No two members may have one name.
void write_loosely(std::string& out, const Json& value) {
    if (value.is_object()) {
        out += "{ ";
        for (auto member = value.rbegin(); member != value.rend(); ++member) {
            if (member != value.rbegin()) out += "\t,\n";
            out += json::dump(Json(member.key())) + " : ";
            write_loosely(out, *member);
        }
        out += "\r}";
    } else if (value.is_array()) {
        out += "[\n";
        for (std::size_t i = 0; i < value.size(); ++i) {
            if (i != 0) out += " , ";
            write_loosely(out, value[i]);
        }
        out += " ]";
    } else {
        out += json::dump(value);
    }
}

void check_form(std::string_view text) {
    const auto canonical = cache::canonical_json(text);
    const auto tree = json::parse(text);
    if (!canonical || !tree) return;
    const auto again = json::parse(*canonical);
    check(again && *again == *tree);
    check(cache::canonical_json(*canonical) == canonical);
    std::string loose;
    write_loosely(loose, *tree);
    check(cache::canonical_json(loose) == cache::canonical_json(json::dump(*tree)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const std::string_view first = text.substr(0, text.find('\0'));
    const std::string_view second = first.size() == text.size() ? std::string_view("{}") : text.substr(first.size() + 1);
    check_form(first);
    check_form(second);

    const Provider& provider = providers().front();
    const auto digest = [&](std::string_view body) { return cache::content_digest(provider, "/v1/chat/completions", "", "m", {}, body); };
    const auto one = digest(first), other = digest(second);
    if (!one || !other || *one != *other) return 0;
    const auto left = json::parse(first), right = json::parse(second);
    check(left.has_value() == right.has_value() && (!left || *left == *right));
    return 0;
}
