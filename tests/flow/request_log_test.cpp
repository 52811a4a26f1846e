// The line that each request leaves in the log, and refusals counted without a key.
#include "base/limits.hpp"
#include "base/text.hpp"
#include "flow/pool_under_test.hpp"
#include "json/dom.hpp"

using namespace edgepool;
using namespace edgepool::test;
using json::Json;

namespace {

// The request lines of the log, each of which must be one JSON object.
std::vector<Json> request_lines(Pool& pool) {
    std::vector<Json> lines;
    for (const std::string& line : pool.host.log()) {
        const std::optional<Json> parsed = json::parse(line);
        CAPTURE(line);
        REQUIRE(parsed.has_value());
        CHECK(line.find('\n') == std::string::npos);
        CHECK(line.size() <= limits::kMaxLogLineBytes);
        if (parsed->value("event", "") == "request") lines.push_back(*parsed);
    }
    return lines;
}

Json last_line(Pool& pool) {
    const std::vector<Json> lines = request_lines(pool);
    REQUIRE(!lines.empty());
    return lines.back();
}

ClientRequest chat_for_model(std::string_view quoted_model) {
    return request_of("POST", "/v1/chat/completions?api_key=in-the-query", "{\"model\":" + std::string(quoted_model) + ",\"messages\":[]}");
}

}  // namespace

TEST_CASE("a request leaves one line that says what became of it, and neither a secret nor a prompt") {
    Pool pool;
    pool.upstream.in_order({refusal(429), chat_answer().slower(40)});
    pool.host.ask(request_of("POST", "/v1/chat/completions?api_key=in-the-query", chat_body()));
    pool.settle();
    const Json line = last_line(pool);
    CHECK(request_lines(pool).size() == 1);
    CHECK(line["method"] == "POST");
    CHECK(line["route"] == "/v1/chat/completions");
    CHECK(line["provider"] == "ollama");
    CHECK(line["dialect"] == "openai");
    CHECK(line["status"] == 200);
    CHECK(line["outcome"] == "success");
    CHECK(line["model"] == kModel);
    CHECK(line["attempts"] == 2);
    CHECK(line["delivery"] == "whole");
    CHECK(line["token"].get<std::string>().size() == 8);
    CHECK(line["key"].get<std::string>().size() == 16);
    CHECK(line["first_byte_ms"].get<int>() >= 40);
    CHECK(line["duration_ms"].get<int>() >= line["first_byte_ms"].get<int>());
    CHECK(line["prompt_tokens"].get<int>() > 0);
    CHECK(!line.contains("error"));
    CHECK(!line.contains("client"));
    for (const std::string& secret : {std::string(kToken), key_name(1), key_name(2), key_name(3), std::string("in-the-query"), std::string("\"hi\"")}) {
        CAPTURE(secret);
        CHECK(!has(json::dump(line), secret));
    }
}

TEST_CASE("a request is refused, answered or left, and its line says which") {
    Pool pool;
    pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), "no-such-token"));
    CHECK(last_line(pool)["outcome"] == "refused");
    CHECK(last_line(pool)["error"] == "invalid_token");
    CHECK(last_line(pool)["status"] == 401);
    CHECK(!last_line(pool).contains("attempts"));
    pool.host.ask(request_of("GET", "/health"));
    CHECK(last_line(pool)["outcome"] == "answered");
    CHECK(last_line(pool)["route"] == "/health");
    pool.host.ask(request_of("GET", "/wp-admin/setup.php?x=1"));
    CHECK(last_line(pool)["route"] == "(no route)");
    CHECK(last_line(pool)["status"] == 404);
    pool.host.ask(as_admin("GET", "/admin/keys/" + key_name(1)));
    CHECK(last_line(pool)["route"] == "/admin/keys/*");
    CHECK(!has(json::dump(last_line(pool)), key_name(1)));
    pool.upstream.by_default(chat_answer().slower(1'000));
    pool.host.ask(leaving_after(50, chat()));
    pool.settle();
    CHECK(last_line(pool)["status"] == 0);
    CHECK(last_line(pool)["outcome"] == "failure");
}

TEST_CASE("a client's text cannot break or flood the log") {
    Pool pool;
    const std::string longest(limits::kMaxModelBytes, 'x');
    for (const std::string& model : {std::string(R"("a\nb\u0000\u001b[31m\",\"outcome\":\"forged")"), "\"" + longest + "\"",
                                     std::string("\"\xF0\x9F\x90\xBB\xF0\x9F\x90\xBB\""), std::string("\"") + std::string(3 * 40, '\\') + "\""}) {
        pool.host.ask(chat_for_model(model));
        CHECK(last_line(pool)["outcome"] != "forged");
    }
    std::string quotes = "\"";
    for (std::size_t i = 0; i < limits::kMaxModelBytes; ++i) quotes += "\\\"";
    pool.host.ask(chat_for_model(quotes + "\""));
    CHECK(last_line(pool).value("model", "") == std::string(limits::kMaxLoggedTextBytes, '"'));
    pool.host.ask(chat_for_model("\"" + longest + "\""));
    CHECK(last_line(pool).value("model", "") == longest.substr(0, limits::kMaxLoggedTextBytes));
}

TEST_CASE("LOG_REQUESTS chooses which requests have a line, and an address is logged only when asked for") {
    ClientRequest good = chat();
    good.headers.add("cf-connecting-ip", "203.0.113.7");
    Pool errors(3, configured({{"LOG_REQUESTS", "errors"}, {"LOG_CLIENT_ADDRESS", "true"}}));
    errors.host.ask(good);
    errors.settle();
    CHECK(request_lines(errors).empty());
    errors.host.ask(request_of("POST", "/v1/chat/completions", "{", kToken));
    CHECK(last_line(errors)["error"] == "bad_json");
    Pool none(3, configured({{"LOG_REQUESTS", "none"}}));
    none.host.ask(request_of("POST", "/v1/chat/completions", "{", kToken));
    CHECK(request_lines(none).empty());
    Pool addressed(3, configured({{"LOG_CLIENT_ADDRESS", "yes"}}));
    addressed.host.ask(good);
    addressed.settle();
    CHECK(last_line(addressed)["client"] == "203.0.113.7");
}

TEST_CASE("ANALYTICS_ENGINE gives a data point for each request, with the line's facts in fixed places; without it there is none") {
    Pool off;
    off.host.ask(chat());
    off.settle();
    CHECK(off.host.data_points.empty());
    Pool on(3, configured({{"ANALYTICS_ENGINE", "true"}, {"LOG_REQUESTS", "none"}}));
    on.upstream.in_order({refusal(429), chat_answer()});
    on.host.ask(chat());
    on.settle();
    REQUIRE(on.host.data_points.size() == 1);
    const host::DataPoint& point = on.host.data_points[0];
    CHECK(point.binding == "ANALYTICS");
    CHECK(point.index.size() == 8);
    const std::vector<std::string_view> blobs = split(point.blobs, '\0');
    REQUIRE(blobs.size() == 9);  // eight, and nothing after the last NUL
    CHECK(blobs[0] == "ollama");
    CHECK(blobs[1] == kModel);
    CHECK(blobs[2] == "/v1/chat/completions");
    CHECK(blobs[3] == "openai");
    CHECK(blobs[4] == "success");
    CHECK(blobs[6] == "whole");
    const std::vector<std::string_view> numbers = split(point.numbers, '\0');
    REQUIRE(numbers.size() == 10);
    CHECK(numbers[0] == "200");
    CHECK(numbers[1] == "2");
    CHECK(numbers[4] != "0");
    on.host.ask(request_of("POST", "/v1/chat/completions", "{", {}));
    on.settle();
    REQUIRE(on.host.data_points.size() == 2);
    CHECK(on.host.data_points[1].index == "-");
    CHECK(split(on.host.data_points[1].blobs, '\0')[4] == "refused");
}

TEST_CASE("requests refused before a key was tried are counted by code, exactly, and a flood of them costs one call a window") {
    Pool pool;
    pool.warm();
    const std::size_t batches = pool.database.count("pool_record");
    for (int i = 0; i < 100; ++i) pool.host.ask(request_of("POST", "/v1/chat/completions", "{"));
    for (int i = 0; i < 7; ++i) pool.host.ask(request_of("POST", "/v1/chat/completions", chat_body(), {}));
    CHECK(pool.database.count("pool_record") == batches);
    pool.settle();
    CHECK(pool.database.refusals("bad_json") == 100);
    CHECK(pool.database.refusals("missing_token") == 7);
    CHECK(pool.database.count("pool_record") == batches + 1);
    CHECK(pool.database.totals().requests == 1);
}

TEST_CASE("a request that reached a key is no refusal, and one that found none is") {
    Pool pool(1);
    pool.upstream.by_default(refusal(401));
    pool.host.ask(chat());
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
    pool.host.ask(chat());
    pool.settle();
    CHECK(pool.database.totals().failure == 1);
    CHECK(pool.database.refusals("keys_exhausted") == 1);
}

TEST_CASE("refusals are not lost while the database is away, nor counted twice when its answer is") {
    Pool pool;
    pool.warm();
    pool.database.trouble = FakeDatabase::Trouble::loses_answers;
    pool.host.ask(request_of("POST", "/v1/chat/completions", "{"));
    pool.time.run_for(25'000);
    pool.database.trouble = FakeDatabase::Trouble::none;
    pool.host.ask(chat());
    pool.settle();
    CHECK(pool.database.refusals("bad_json") == 1);
}
