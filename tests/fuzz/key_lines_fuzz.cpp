// Lists of keys in every form that is read: what is a key, a repetition and a fault adds up, whatever the portions, and no reason quotes
// the line. The first byte of the input chooses the form, the second the portions. Text against a plain reader.
#include <algorithm>
#include <set>
#include <string>

#include "app/key_lines.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "fuzz/fuzz_check.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

using app::KeyList;

std::vector<app::KeyLine> read_in_portions(KeyList& list, std::size_t most) {
    std::vector<app::KeyLine> all;
    for (std::vector<app::KeyLine> some = list.take(most); !some.empty(); some = list.take(most)) {
        check(some.size() <= most);
        all.insert(all.end(), some.begin(), some.end());
    }
    check(list.at_end() && list.done() == list.total());
    return all;
}

void check_sound(const KeyList& list, const std::vector<app::KeyLine>& keys) {
    check(list.total() == keys.size() + list.duplicates() + list.invalid());
    check(list.bad_lines().size() <= list.invalid() && list.duplicate_lines().size() <= list.duplicates());
    std::set<std::string> seen;
    std::size_t last_line = 0;
    for (const app::KeyLine& line : keys) {
        check(app::key_fault(line.key).empty());
        check(line.key.size() <= limits::kMaxKeyBytes && line.username.size() <= limits::kMaxNameBytes);
        check(seen.insert(line.key).second);
        check(line.line > last_line);
        last_line = line.line;
    }
    for (const app::BadLine& line : list.bad_lines()) check(line.line > 0 && !line.reason.empty() && line.reason.size() < 200);
}

// One key a line, read the slow way; for text without carriage returns and byte order mark.
void check_text(std::string_view text, const KeyList& list, const std::vector<app::KeyLine>& keys) {
    std::set<std::string> expected;
    std::size_t total = 0;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        const std::string_view line = trim(text.substr(from, end - from));
        if (!line.empty() && line.front() != '#') {
            ++total;
            if (app::key_fault(line).empty()) expected.emplace(line);
        }
        from = end + 1;
    }
    check(list.total() == total && keys.size() == expected.size());
    for (const app::KeyLine& line : keys) check(expected.count(line.key) == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view text = fuzz::text_of(data + 2, size - 2);
    const auto format = static_cast<KeyList::Format>(data[0] % 3);
    Result<KeyList> whole = KeyList::read(format, text);
    Result<KeyList> portions = KeyList::read(format, text);
    check(whole.has_value() == portions.has_value());
    if (!whole) {
        check(!whole.error().detail.empty());
        return 0;
    }
    const std::vector<app::KeyLine> keys = read_in_portions(*whole, 1'000'000);
    check_sound(*whole, keys);
    const std::vector<app::KeyLine> again = read_in_portions(*portions, 1 + data[1] % 4);
    check(again.size() == keys.size() && portions->invalid() == whole->invalid() && portions->duplicates() == whole->duplicates());
    const bool is_plain = text.find('\r') == std::string_view::npos && text.substr(0, 3) != "\xEF\xBB\xBF";
    if (format == KeyList::Format::text && is_plain) check_text(text, *whole, keys);
    return 0;
}
