#include "http/dialect.hpp"

#include "json/scan.hpp"
#include "support/catch.hpp"

using namespace edgepool;

TEST_CASE("an error is worded as each dialect's clients read it") {
    const Error error{ErrorCode::missing_model, "no \"model\"", "model", 0};
    CHECK(error_body(Dialect::openai, error) ==
          R"({"error":{"message":"no \"model\"","type":"invalid_request_error","param":"model","code":"missing_model"}})");
    CHECK(error_body(Dialect::anthropic, error) == R"({"type":"error","error":{"type":"invalid_request_error","message":"no \"model\""}})");
    CHECK(error_body(Dialect::ollama, error) == R"({"error":"no \"model\""})");
    CHECK(error_body(Dialect::admin, error) == R"({"error":"no \"model\"","code":"missing_model","param":"model"})");
}

TEST_CASE("every error of the table has a body of valid JSON in every dialect, and says something") {
    for (int number = 0; number < 64; ++number) {
        const Error error{static_cast<ErrorCode>(number), {}, {}, 0};
        for (const Dialect dialect : {Dialect::openai, Dialect::anthropic, Dialect::ollama, Dialect::admin}) {
            const std::string body = error_body(dialect, error);
            CAPTURE(body);
            CHECK(json::scan_value(body).has_value());
            CHECK(body.find(error_info(error.code).name) != std::string::npos);
        }
    }
}

TEST_CASE("a detail that is not UTF-8 still makes valid JSON") {
    const std::string body = error_body(Dialect::openai, {ErrorCode::internal, "\xff\x01\"\\", {}, 0});
    CHECK(json::scan_value(body).has_value());
    CHECK(body.find("\xEF\xBF\xBD") != std::string::npos);
}

TEST_CASE("an error in a stream is an event, or a line") {
    CHECK(stream_error_event(Dialect::openai, "{}") == "data: {}\n\n");
    CHECK(stream_error_event(Dialect::anthropic, "{}") == "event: error\ndata: {}\n\n");
    CHECK(stream_error_event(Dialect::responses, "{}") == "event: error\ndata: {}\n\n");
    CHECK(stream_error_event(Dialect::ollama, "{}") == "{}\n");
}

TEST_CASE("what ends a broken stream begins behind whatever was cut off in the middle") {
    const Error error{ErrorCode::upstream_broken, "cut", {}, 0};
    CHECK(stream_error_tail(Dialect::openai, error, 3) == "\n\ndata: " + error_body(Dialect::openai, error) + "\n\n");
    CHECK(stream_error_tail(Dialect::anthropic, error, 3) == "\n\nevent: error\ndata: " + error_body(Dialect::anthropic, error) + "\n\n");
    CHECK(stream_error_tail(Dialect::responses, error, 3) ==
          "\n\nevent: error\ndata: {\"type\":\"error\",\"code\":\"upstream_broken\",\"message\":\"cut\",\"param\":null,\"sequence_number\":3}\n\n");
    CHECK(stream_error_tail(Dialect::ollama, error, 3) == "\n" + error_body(Dialect::ollama, error) + "\n");
}

TEST_CASE("types of errors follow the status") {
    const auto type = [](ErrorCode code) { return error_body(Dialect::openai, {code, "x", {}, 0}); };
    CHECK(type(ErrorCode::invalid_token).find("authentication_error") != std::string::npos);
    CHECK(type(ErrorCode::rate_limited).find("rate_limit_error") != std::string::npos);
    CHECK(type(ErrorCode::upstream_timeout).find("server_error") != std::string::npos);
    CHECK(error_body(Dialect::anthropic, {ErrorCode::no_keys, "x", {}, 0}).find("overloaded_error") != std::string::npos);
    CHECK(error_body(Dialect::anthropic, {ErrorCode::body_too_large, "x", {}, 0}).find("request_too_large") != std::string::npos);
}

TEST_CASE("the Responses API's errors outside of streams are those of its chats") {
    const Error error{ErrorCode::missing_model, "no model", "model", 0};
    CHECK(error_body(Dialect::responses, error) == error_body(Dialect::openai, error));
}
