#include "cache/cache_rules.hpp"

#include "config/config.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using cache::Content;

TEST_CASE("a client's Cache-Control says whether it takes a kept answer, and whether its own may be kept") {
    const auto [text, looks_up, keeps] = GENERATE(table<const char*, bool, bool>({{"", true, true},
                                                                                   {"no-cache", false, true},
                                                                                   {"No-Cache", false, true},
                                                                                   {"max-age=0", false, true},
                                                                                   {"max-age=60", true, true},
                                                                                   {"no-store", false, false},
                                                                                   {"max-age=60 , NO-STORE", false, false}}));
    CAPTURE(text);
    const cache::Directives directives = cache::read_directives(text);
    CHECK(directives.may_look_up == looks_up);
    CHECK(directives.may_keep == keeps);
}

TEST_CASE("tools and conversations are seen in a body; empty ones count as absent") {
    CHECK(cache::content_of(R"({"messages":[{"tools":[1]}],"tools":[],"functions":null,"background":false})") == Content::plain);
    CHECK(cache::content_of(R"({"tools":[{}]})") == Content::tools);
    CHECK(cache::content_of(R"({"functions":[{}]})") == Content::tools);
    CHECK(cache::content_of(R"({"previous_response_id":"r"})") == Content::stateful);
    CHECK(cache::content_of(R"({"tools":[{}],"background":true})") == Content::stateful);
    CHECK(cache::content_of(R"({"conversation":{"id":"c"}})") == Content::stateful);
}

TEST_CASE("an entry is read as it was written, and what is none is not") {
    const std::string body("a\0b", 3);
    const std::string text = cache::write_entry(1'700'000'000'123.0, "application/json", body);
    const auto entry = cache::read_entry(text);
    REQUIRE(entry);
    CHECK(entry->made_ms == 1'700'000'000'123.0);
    CHECK(entry->content_type == "application/json");
    CHECK(entry->body == body);
    for (const char* bad : {"", "12", "x", "<html>"}) CHECK_FALSE(cache::read_entry(bad));
    CHECK_FALSE(cache::read_entry(std::string_view("x\ny\nz", 5)));
}
