#include "json/writer.hpp"

#include "support/catch.hpp"

using edgepool::json::Writer;

TEST_CASE("the writer puts commas where they belong") {
    Writer writer;
    writer.begin_object()
        .key("a").integer(-1)
        .key("b").begin_array().string("x").boolean(true).null().begin_object().end_object().begin_array().end_array().integer(2).end_array()
        .key("c\"").boolean(false)
        .key("d").raw("{\"raw\":1}")
        .end_object();
    CHECK(writer.take() == R"({"a":-1,"b":["x",true,null,{},[],2],"c\"":false,"d":{"raw":1}})");
}

TEST_CASE("a single value is a text too") {
    Writer writer;
    writer.integer(INT64_MIN);
    CHECK(writer.text() == "-9223372036854775808");
}
