#include "worker/record.hpp"

#include "support/catch.hpp"

using namespace edgepool;
using namespace edgepool::worker;
using namespace std::string_view_literals;

namespace {

Record filled(const host::Operation& operation) {
    Record record;
    record.fill(7, operation);
    return record;
}

RecordWord kind(const Record& record) { return record.word(kWord_kind); }
RecordWord number(OperationKind kind) { return static_cast<RecordWord>(kind); }

}  // namespace

TEST_CASE("splices cross as little-endian offsets and lengths with the inserted bytes") {
    CHECK(splice_wire({}).empty());
    CHECK(splice_wire({{1, 2, "ab"}, {0x01020304, 0, ""}}) == "\1\0\0\0\2\0\0\0\2\0\0\0ab\4\3\2\1\0\0\0\0\0\0\0\0"sv);
}

TEST_CASE("a fetch crosses with all that the host needs") {
    host::Fetch fetch;
    fetch.method = "POST";
    fetch.url = "https://h/";
    fetch.headers = {{"a", "1"}};
    fetch.body_kind = host::BodyKind::bytes;
    fetch.body = "body";
    fetch.timeout_ms = 99;
    fetch.wanted = "x\0"sv;
    const host::Operation bytes = fetch;
    Record record;
    record.fill(7, bytes);
    CHECK(kind(record) == number(OperationKind::fetch));
    CHECK(record.word(kWord_task) == 7);
    CHECK(record.word(kWord_a) == 99);
    CHECK(record.word(kWord_b) == 1);
    CHECK(record.text(0) == "POST");
    CHECK(record.text(1) == "https://h/");
    CHECK(record.text(2) == "a\0001\0"sv);
    CHECK(record.text(3) == "body");
    CHECK(record.text(4) == "x\0"sv);
    fetch.body_kind = host::BodyKind::client;
    fetch.splices = {{3, 1, "z"}};
    const host::Operation client = fetch;
    record.fill(8, client);
    CHECK(record.word(kWord_b) == 2);
    CHECK(record.text(3) == "\3\0\0\0\1\0\0\0\1\0\0\0z"sv);
}

TEST_CASE("every other operation crosses with its numbers in their places") {
    CHECK(kind(filled(std::monostate{})) == number(OperationKind::done));
    const host::Operation read_request = host::ReadRequestBody{11, 22};
    CHECK(kind(filled(read_request)) == number(OperationKind::read_request_body));
    CHECK(filled(read_request).word(kWord_a) == 11);
    CHECK(filled(read_request).word(kWord_b) == 22);
    const host::Operation read = host::ReadBody{1, 2, 3, 4};
    CHECK(kind(filled(read)) == number(OperationKind::read_body));
    CHECK(filled(read).word(kWord_c) == 3);
    CHECK(filled(read).word(kWord_d) == 4);
    CHECK(kind(filled(host::CancelBody{5})) == number(OperationKind::cancel_body));
    CHECK(filled(host::CancelBody{5}).word(kWord_a) == 5);
    CHECK(kind(filled(host::Observe{50})) == number(OperationKind::observe));
    CHECK(filled(host::Observe{50}).word(kWord_a) == 50);
    CHECK(filled(host::Observe{50}).word(kWord_b) == 1);
    CHECK(filled(host::Observe{50, false}).word(kWord_b) == 0);
    CHECK(filled(host::Sleep{70}).word(kWord_a) == 70);
    CHECK(filled(host::RandomBytes{32}).word(kWord_a) == 32);
    const host::Operation rate = host::RateLimit{"BINDING", "key"};
    const Record asked = filled(rate);
    CHECK(asked.text(0) == "BINDING");
    CHECK(asked.text(1) == "key");
    const host::Operation exchange = host::SocketExchange{"redis.example", 6380, true, "PING", 99, 300};
    const Record said = filled(exchange);
    CHECK(said.word(kWord_a) == 6380);
    CHECK(said.word(kWord_b) == 1);
    CHECK(said.word(kWord_c) == 99);
    CHECK(said.word(kWord_d) == 300);
    CHECK(said.text(0) == "redis.example");
    CHECK(said.text(1) == "PING");
    const host::Operation head = host::ForwardHead{4, 201, {{"x-a", "1"}}, std::string("date\0", 5)};
    CHECK(filled(head).word(kWord_kind) == 18);
    CHECK(filled(head).word(kWord_a) == 4);
    CHECK(filled(head).word(kWord_b) == 201);
    CHECK(filled(head).text(0) == std::string_view("x-a\0" "1\0", 6));
    CHECK(filled(head).text(1) == std::string_view("date\0", 5));
    const host::Operation finish = host::Finish{"tail", true};
    CHECK(filled(finish).word(kWord_a) == 1);
    CHECK(filled(finish).word(kWord_b) == 0);
    CHECK(filled(finish).text(0) == "tail");
    CHECK(filled(host::Finish{"", false, true, 70}).word(kWord_b) == 1);
    CHECK(filled(host::Finish{"", false, true, 70}).word(kWord_c) == 70);
    const host::Operation write = host::Write{"bytes", 44};
    CHECK(kind(filled(write)) == number(OperationKind::write));
    CHECK(filled(write).word(kWord_a) == 44);
    CHECK(filled(write).text(0) == "bytes");
    CHECK(kind(filled(host::Join{33})) == number(OperationKind::join));
    CHECK(filled(host::Join{33}).word(kWord_a) == 33);
    CHECK(filled(host::Respond{200, {}, "", true}).word(kWord_b) == 1);
    const host::Operation get = host::CacheGet{"https://entry/", 1000, 50};
    CHECK(kind(filled(get)) == number(OperationKind::cache_get));
    CHECK(filled(get).word(kWord_a) == 1000);
    CHECK(filled(get).word(kWord_b) == 50);
    CHECK(filled(get).text(0) == "https://entry/");
    const host::Operation put = host::CachePut{"https://entry/", {{"cache-control", "max-age=9"}}, "kept", 60};
    Record kept;
    kept.fill(1, put);
    CHECK(kind(kept) == number(OperationKind::cache_put));
    CHECK(kept.word(kWord_a) == 60);
    CHECK(kept.text(0) == "https://entry/");
    CHECK(kept.text(1) == "cache-control\0max-age=9\0"sv);
    CHECK(kept.text(2) == "kept");
    const host::Operation respond = host::Respond{404, {{"a", "b"}}, "gone"};
    Record record;
    record.fill(1, respond);
    CHECK(record.word(kWord_a) == 404);
    CHECK(record.text(0) == "a\0b\0"sv);
    CHECK(record.text(1) == "gone");
    const host::Operation forward = host::Forward{9, 200, {{"s", "t"}}, "gone", 250};
    record.fill(1, forward);
    CHECK(record.word(kWord_a) == 9);
    CHECK(record.word(kWord_b) == 200);
    CHECK(record.word(kWord_c) == 250);
    CHECK(record.text(0) == "s\0t\0"sv);
}

TEST_CASE("a record says nothing of the operation before") {
    Record record;
    const host::Operation finish = host::Finish{"tail", true};
    record.fill(1, finish);
    record.set_spawned({4, 5});
    CHECK(record.word(static_cast<Word>(kWord_spawned + 1)) == 2);
    record.fill(2, std::monostate{});
    CHECK(record.text(0).empty());
    CHECK(record.word(kWord_a) == 0);
    CHECK(record.word(static_cast<Word>(kWord_spawned + 1)) == 0);
    CHECK(record.word(kWord_task) == 2);
}
