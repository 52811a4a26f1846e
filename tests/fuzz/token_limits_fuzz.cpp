// Limits of client tokens as JSON of any content, as the API and as the database writes them: read, or refused by the member's name; what is
// read is written and read back the same; what the database should not hold allows nothing.
#include <string>

#include "base/limits.hpp"
#include "fuzz/fuzz_check.hpp"
#include "limits/decision.hpp"
#include "limits/token_limits.hpp"

using namespace edgepool;
using edgepool::fuzz::check;
using limits::Form;
using limits::TokenLimits;

namespace {

std::string written(const TokenLimits& bounds, Form form) {
    json::Writer out;
    limits::write_limits(out, bounds, form);
    return out.take();
}

void check_read(const TokenLimits& bounds, Form form) {
    const std::string text = written(bounds, form);
    const auto again = json::parse(text);
    check(again && again->is_object());
    const auto read = limits::read_limits(*again, form);
    check(read && written(*read, form) == text && read->most == bounds.most);
    check(bounds.limits_nothing() == again->empty());
    for (const std::int64_t most : bounds.most) check(most >= TokenLimits::kNone && most < static_cast<std::int64_t>(limits::kTokenLimitEnd));
    check(bounds.addresses.size() == bounds.address_texts.size());
    for (const std::string& model : bounds.models) check(limits::allows_model(bounds, model));
    for (const std::string& address : bounds.address_texts) check(limits::allows_address(bounds, address.substr(0, address.find('/'))));
    const auto other = form == Form::api ? Form::stored : Form::api;
    const auto moved = json::parse(written(bounds, other));
    const auto read_moved = limits::read_limits(*moved, other);
    check(read_moved && read_moved->most == bounds.most);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto value = json::parse(fuzz::text_of(data, size));
    if (!value) return 0;
    for (const Form form : {Form::api, Form::stored}) {
        const auto bounds = limits::read_limits(*value, form);
        if (bounds) check_read(*bounds, form);
        else check(bounds.error().code == ErrorCode::bad_request && !bounds.error().detail.empty());
    }
    const TokenLimits stored = limits::read_stored_limits(*value);
    check(stored.is_unreadable == !limits::read_limits(*value, Form::stored).has_value());
    if (stored.is_unreadable) check(!stored.limits_nothing() && limits::judge_scope(stored, "ollama", "m", "192.0.2.1").has_value());
    return 0;
}
