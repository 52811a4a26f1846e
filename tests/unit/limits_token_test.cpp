// What a client token may do, as it is written and read.
#include <string>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "limits/token_limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using limits::Form;
using limits::TokenLimits;

namespace {

Result<TokenLimits> read(const std::string& text, Form form = Form::api) { return limits::read_limits(*json::parse(text), form); }

std::string written(const TokenLimits& bounds, Form form) {
    json::Writer out;
    limits::write_limits(out, bounds, form);
    return out.take();
}

}  // namespace

TEST_CASE("limits go from the API to the database and back") {
    const auto bounds = read(R"({"requests_per_minute":60,"tokens_per_minute":90000,"daily_requests":0,"daily_tokens":5,"daily_cost_usd":"0.25","monthly_requests":7,)"
                             R"("monthly_tokens":8,"monthly_cost_usd":12.5,"models":["gpt-oss:20b","qwen*"],"providers":["ollama"],"addresses":["10.0.0.0/8","::1"]})");
    REQUIRE(bounds.has_value());
    const std::string stored = written(*bounds, Form::stored);
    CHECK(stored == R"({"requests_per_minute":60,"tokens_per_minute":90000,"daily_requests":0,"daily_tokens":5,"daily_cost_nano":250000000,"monthly_requests":7,)"
                    R"("monthly_tokens":8,"monthly_cost_nano":12500000000,"models":["gpt-oss:20b","qwen*"],"providers":["ollama"],"addresses":["10.0.0.0/8","::1"]})");
    const TokenLimits again = limits::read_stored_limits(*json::parse(stored));
    CHECK_FALSE(again.is_unreadable);
    CHECK(written(again, Form::api) ==
          R"({"requests_per_minute":60,"tokens_per_minute":90000,"daily_requests":0,"daily_tokens":5,"daily_cost_usd":"0.25","monthly_requests":7,)"
          R"("monthly_tokens":8,"monthly_cost_usd":"12.5","models":["gpt-oss:20b","qwen*"],"providers":["ollama"],"addresses":["10.0.0.0/8","::1"]})");
    CHECK(again.has_budget());
    CHECK_FALSE(again.limits_nothing());
}

TEST_CASE("no limits are an empty object; null members are as if they were not there") {
    const auto bounds = read(R"({"daily_tokens":null,"models":null,"addresses":[]})");
    REQUIRE(bounds.has_value());
    CHECK(bounds->limits_nothing());
    CHECK(written(*bounds, Form::stored) == "{}");
    CHECK_FALSE(read(R"({"requests_per_minute":1})")->has_budget());
}

TEST_CASE("a limit that makes no sense is refused by its name") {
    for (const auto& [text, member] : std::vector<std::pair<const char*, const char*>>{
             {R"({"daily_tokens":-1})", "limits.daily_tokens"},
             {R"({"daily_tokens":1.5})", "limits.daily_tokens"},
             {R"({"daily_tokens":"many"})", "limits.daily_tokens"},
             {R"({"daily_tokens":1000000000000000})", "limits.daily_tokens"},
             {R"({"daily_cost_usd":-0.5})", "limits.daily_cost_usd"},
             {R"({"daily_cost_usd":"1,5"})", "limits.daily_cost_usd"},
             {R"({"daily_cost_usd":1000000})", "limits.daily_cost_usd"},
             {R"({"daily_cost_usd":{}})", "limits.daily_cost_usd"},
             {R"({"daily_cost_nano":5})", "limits.daily_cost_nano"},
             {R"({"rpm":5})", "limits.rpm"},
             {R"({"models":"gpt"})", "limits.models"},
             {R"({"models":[5]})", "limits.models"},
             {R"({"models":[""]})", "limits.models"},
             {R"({"models":["a*b"]})", "limits.models"},
             {R"({"models":["a\nb"]})", "limits.models"},
             {R"({"providers":["nobody"]})", "limits.providers"},
             {R"({"addresses":["10.0.0.0/33"]})", "limits.addresses"},
             {R"([])", "limits"},
             {R"(5)", "limits"},
         }) {
        CAPTURE(text);
        const auto bounds = read(text);
        REQUIRE_FALSE(bounds.has_value());
        CHECK(bounds.error().code == ErrorCode::bad_request);
        CHECK(bounds.error().param == member);
    }
}

TEST_CASE("numbers and lists are taken up to their bounds") {
    CHECK(read(R"({"daily_tokens":999999999999999})").has_value());
    CHECK(read(R"({"daily_cost_usd":"999999.999999999"})")->most[4] == 999'999'999'999'999);
    const auto list = [](std::size_t count) {
        std::string text = "{\"models\":[\"m\"";
        for (std::size_t i = 1; i < count; ++i) text += ",\"m\"";
        return text + "]}";
    };
    CHECK(read(list(limits::kMostAllowedNames)).has_value());
    CHECK_FALSE(read(list(limits::kMostAllowedNames + 1)).has_value());
}

TEST_CASE("what the database should not hold allows nothing") {
    for (const char* text : {R"({"rpm":60})", R"([1])", R"({"daily_tokens":"x"})", R"("")"}) {
        CAPTURE(text);
        CHECK(limits::read_stored_limits(*json::parse(text)).is_unreadable);
        CHECK_FALSE(limits::read_stored_limits(*json::parse(text)).limits_nothing());
    }
}

TEST_CASE("a model is allowed by its whole name or by a beginning with a star") {
    const auto bounds = read(R"({"models":["gpt-oss:20b","qwen3*"]})");
    CHECK(limits::allows_model(*bounds, "gpt-oss:20b"));
    CHECK(limits::allows_model(*bounds, "qwen3"));
    CHECK(limits::allows_model(*bounds, "qwen3-coder:480b"));
    for (const char* model : {"gpt-oss:120b", "gpt-oss:20b-x", "GPT-OSS:20b", "qwen", "", "my-qwen3"}) CHECK_FALSE(limits::allows_model(*bounds, model));
    CHECK(limits::allows_model(*read(R"({"models":["*"]})"), "anything"));
    CHECK(limits::allows_model(*read("{}"), "anything"));
}

TEST_CASE("an address that is not known is in no range") {
    const auto bounds = read(R"({"addresses":["10.0.0.0/8","2001:db8::/32"]})");
    CHECK(limits::allows_address(*bounds, "10.1.2.3"));
    CHECK(limits::allows_address(*bounds, "2001:db8::9"));
    for (const char* address : {"", "11.0.0.1", "nonsense", "10.0.0.0/8"}) CHECK_FALSE(limits::allows_address(*bounds, address));
    CHECK(limits::allows_address(*read("{}"), ""));
}

TEST_CASE("dollars are written without needless zeros") {
    CHECK(limits::dollars_of(0) == "0");
    CHECK(limits::dollars_of(1) == "0.000000001");
    CHECK(limits::dollars_of(250'000'000) == "0.25");
    CHECK(limits::dollars_of(12'000'000'000) == "12");
}
