// Redis: its URL, its wire protocol, and Upstash's REST interface.
#include <string>
#include <utility>
#include <vector>

#include "redis/resp.hpp"
#include "redis/server.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using redis::Reply;
using redis::Transport;

TEST_CASE("commands are written as arrays of texts with their lengths") {
    CHECK(redis::encode({{"SET", "k", "a\r\nb"}, {"QUIT"}}) == "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n*1\r\n$4\r\nQUIT\r\n");
    CHECK(redis::encode({}) == "");
    CHECK(redis::encode_rest({{"SET", "k", "a\"b"}, {"GET", "k"}}) == R"([["SET","k","a\"b"],["GET","k"]])");
}

TEST_CASE("every kind of reply is read") {
    const auto replies = redis::parse_replies("+OK\r\n-ERR no\r\n:-12\r\n$4\r\na\r\nb\r\n$-1\r\n*-1\r\n*3\r\n:1\r\n$0\r\n\r\n$-1\r\n*2\r\n*1\r\n+a\r\n:5\r\n*0\r\n");
    REQUIRE((replies && replies->size() == 9));
    const std::vector<Reply::Kind> kinds = {Reply::Kind::status, Reply::Kind::error, Reply::Kind::integer, Reply::Kind::bulk, Reply::Kind::nil,
                                            Reply::Kind::nil,    Reply::Kind::array, Reply::Kind::array,   Reply::Kind::array};
    for (std::size_t i = 0; i < kinds.size(); ++i) CHECK((*replies)[i].kind == kinds[i]);
    CHECK((*replies)[0].text == "OK");
    CHECK((*replies)[1].text == "ERR no");
    CHECK((*replies)[2].number == -12);
    CHECK((*replies)[3].text == "a\r\nb");
    CHECK((*replies)[6].items.at(1).kind == Reply::Kind::bulk);
    CHECK((*replies)[6].items.at(2).kind == Reply::Kind::nil);
    CHECK((*replies)[7].items.at(0).items.at(0).text == "a");
    CHECK((*replies)[8].items.empty());
    CHECK(redis::parse_replies("")->empty());
}

TEST_CASE("what is cut off or no reply is refused") {
    const std::string whole = "+OK\r\n*2\r\n$3\r\nabc\r\n:7\r\n";
    REQUIRE(redis::parse_replies(whole).has_value());
    for (std::size_t length = 1; length < whole.size(); ++length) {
        CAPTURE(length);
        CHECK(redis::parse_replies(whole.substr(0, length)).has_value() == (length == 5));
    }
    for (const char* bytes : {"OK\r\n", "+OK\n", "$x\r\n", "$5\r\nabc\r\n", "$3\r\nabcde\r\n", "$-2\r\n", "*x\r\n", "*9\r\n:1\r\n", "*18446744073709551615\r\n", "$18446744073709551615\r\na\r\n",
                              ":\r\n", ":1.5\r\n", ":99999999999999999999\r\n", "*1\r\n*1\r\n*1\r\n:1\r\n", "%1\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"}) {
        CAPTURE(bytes);
        CHECK_FALSE(redis::parse_replies(bytes).has_value());
    }
}

TEST_CASE("a number is an integer reply or its text") {
    const auto replies = redis::parse_replies("$2\r\n42\r\n:7\r\n$-1\r\n$1\r\nx\r\n$2\r\n-3\r\n+5\r\n");
    CHECK(redis::number_of(replies->at(0)) == 42);
    CHECK(redis::number_of(replies->at(1)) == 7);
    CHECK_FALSE(redis::number_of(replies->at(2)).has_value());
    CHECK_FALSE(redis::number_of(replies->at(3)).has_value());
    CHECK(redis::number_of(replies->at(4)) == -3);
    CHECK_FALSE(redis::number_of(replies->at(5)).has_value());
}

TEST_CASE("replies of the REST interface are read as the same") {
    const auto replies = redis::read_rest_replies(*json::parse(R"([{"result":"OK"},{"result":null},{"result":3},{"result":["a",null,5]},{"error":"ERR wrong"}])"));
    REQUIRE((replies && replies->size() == 5));
    CHECK((*replies)[0].text == "OK");
    CHECK((*replies)[1].kind == Reply::Kind::nil);
    CHECK((*replies)[2].number == 3);
    CHECK((*replies)[3].items.size() == 3);
    CHECK((*replies)[4].kind == Reply::Kind::error);
    for (const char* body : {"{}", "[5]", "[{}]", R"([{"result":1.5}])", R"([{"result":{"a":1}}])", R"([{"result":[[[1]]]}])"}) {
        CAPTURE(body);
        CHECK_FALSE(redis::read_rest_replies(*json::parse(body)).has_value());
    }
}

TEST_CASE("a URL names the place, the credentials and the database") {
    const auto server = redis::parse_server("rediss://me:p%40ss%2Fw@redis.example:6380/3");
    REQUIRE(server.has_value());
    CHECK(server->transport == Transport::tls_socket);
    CHECK(server->host == "redis.example");
    CHECK(server->port == 6380);
    CHECK(server->user == "me");
    CHECK(server->password == "p@ss/w");
    CHECK(server->database == 3);
    const auto plain = redis::parse_server("redis://127.0.0.1");
    REQUIRE(plain.has_value());
    CHECK((plain->transport == Transport::socket && plain->port == 6379 && plain->user.empty() && plain->password.empty() && plain->database == 0));
    CHECK(redis::parse_server("redis://:secret@h")->password == "secret");
    CHECK(redis::parse_server("redis://[::1]:7000")->host == "[::1]");
    CHECK(redis::parse_server("redis://[::1]:7000")->port == 7000);
}

TEST_CASE("Upstash and http URLs are spoken to through REST, with the password as the token") {
    const auto upstash = redis::parse_server("rediss://default:AXtoken@eu1-fair-cat-1.upstash.io:6379");
    REQUIRE(upstash.has_value());
    CHECK(upstash->transport == Transport::rest);
    CHECK(upstash->rest_url == "https://eu1-fair-cat-1.upstash.io");
    CHECK(upstash->password == "AXtoken");
    CHECK(redis::parse_server("http://x:t@127.0.0.1:8079")->rest_url == "http://127.0.0.1:8079");
    CHECK(redis::parse_server("redis://default:t@upstash.io.example:1")->transport == Transport::socket);
}

TEST_CASE("what is no Redis URL is refused") {
    for (const char* url : {"", "redis", "redis://", "redis://:p@", "memcached://h", "redis://h:0", "redis://h:65536", "redis://h:x", "redis://h/x", "redis://h/1000001", "redis://h /0",
                            "https://h", "https://x:t@h/3", "rediss://a.upstash.io:6379", "redis://h?x=1"}) {
        CAPTURE(url);
        CHECK_FALSE(redis::parse_server(url).has_value());
    }
}
