// The boundary's owner against a host that does everything wrong: nothing it says may do harm.
#include "worker/instance.hpp"

#include <cstring>
#include <set>

#include "support/catch.hpp"

using namespace edgepool;
using namespace edgepool::worker;
using namespace std::string_literals;

namespace {

constexpr double kNowMs = 1.8e12;
constexpr const char* kTake = R"({"now_ms":1800000000000,"next_since_ms":1,"total":1,"usable":1,"next_ms":null,"models":[],
    "keys":[{"id":"0123456789abcdef","key":"a-key","state":"active","refusals":0,"fails":0}],
    "token":{"hash":"8a4bcc0cd6b4bbd6b8e4c4b1f9fd6e7c4ff7b5f2a5b8b4e3d3a4f0c9a3c5d1e7","name":"n","disabled":false,"expires_ms":null}})";

struct Host {
    Host() {
        std::string variables;
        for (const auto& [name, value] : {std::pair{"ADMIN_TOKEN", "the-admins-own-token"}, std::pair{"SUPABASE_REST_URL", "https://db.example/rest/v1"},
                                          std::pair{"SUPABASE_SERVICE_ROLE_KEY", "sb_secret"}}) {
            variables.append(name).append(1, '\0').append(value).append(1, '\0');
        }
        give(std::string(32, 's') + variables);
        instance.create(kNowMs);
    }
    void give(std::string_view bytes) {
        char* room = instance.reserve(bytes.size());
        REQUIRE(room != nullptr);
        std::memcpy(room, bytes.data(), bytes.size());
    }
    const Record& start(const std::string& method, const std::string& path, const std::string& token = "t") {
        give(method + '\0' + "https://pool.example" + path + '\0' + "authorization" + '\0' + "Bearer " + token + '\0');
        return instance.start(kNowMs);
    }
    const Record& resume(std::uint32_t task, host::Status status, std::uint32_t number, std::uint32_t handle, std::string_view data) {
        give(data);
        return instance.resume(task, kNowMs, static_cast<std::uint32_t>(status), number, handle);
    }

    Instance instance;
};

OperationKind kind(const Record& record) { return static_cast<OperationKind>(record.word(kWord_kind)); }
std::uint32_t task(const Record& record) { return static_cast<std::uint32_t>(record.word(kWord_task)); }

}  // namespace

TEST_CASE("room is given up to the bound and refused one byte past it") {
    Instance instance;
    CHECK(instance.reserve(Instance::kMaxIncomingBytes) != nullptr);
    CHECK(instance.reserve(Instance::kMaxIncomingBytes + 1) == nullptr);
    CHECK(instance.reserve(SIZE_MAX) == nullptr);
    CHECK(instance.reserve(0) != nullptr);
}

TEST_CASE("an instance without variables or with half a seed runs, and says what is missing") {
    const std::string incoming = GENERATE(""s, "short"s, std::string(32, 's'), std::string(32, 's') + "NAME\0cut"s);
    Instance instance;
    std::memcpy(instance.reserve(incoming.size()), incoming.data(), incoming.size());
    CHECK(kind(instance.create(kNowMs)) == OperationKind::done);
    const auto lines = instance.take_log_lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].is_error);
    CHECK(lines[0].text.find("ADMIN_TOKEN") != std::string::npos);
    CHECK(instance.take_log_lines().empty());
}

TEST_CASE("a request that is none is answered") {
    Host host;
    for (const std::string& wire : {""s, "GET"s, "\0\0\0\0"s, std::string(100'000, '\xff')}) {
        host.give(wire);
        const Record& record = host.instance.start(kNowMs);
        CHECK(kind(record) == OperationKind::respond);
        CHECK(record.word(kWord_a) == 400);
    }
}

TEST_CASE("task numbers are never used twice, and an outcome for a task that has ended or never was is ignored") {
    Host host;
    std::set<std::uint32_t> seen;
    for (int i = 0; i < 20; ++i) {
        const std::uint32_t number = task(host.start("GET", "/nothing"));
        CHECK(seen.insert(number).second);
        CHECK(kind(host.resume(number, host::Status::ok, 0, 0, "")) == OperationKind::done);
        CHECK(kind(host.resume(number, host::Status::ok, 0, 0, "again")) == OperationKind::done);
    }
    for (const std::uint32_t wrong : {0u, 99'999u, 0xffffffffu}) {
        CHECK(kind(host.resume(wrong, host::Status::ok, 200, 1, "x")) == OperationKind::done);
        CHECK(kind(host.instance.begin(wrong, kNowMs)) == OperationKind::done);
        host.instance.cancel(wrong);
    }
}

TEST_CASE("beginning a task twice changes nothing") {
    Host host;
    const Record& first = host.start("POST", "/v1/chat/completions");
    const std::uint32_t number = task(first);
    CHECK(kind(first) == OperationKind::fetch);
    const std::string url(first.text(1));
    const Record& again = host.instance.begin(number, kNowMs);
    CHECK(kind(again) == OperationKind::fetch);
    CHECK(again.text(1) == url);
}

TEST_CASE("a status that does not exist counts as a failure") {
    Host host;
    const std::uint32_t number = task(host.start("POST", "/v1/chat/completions"));
    const Record& record = host.instance.resume(number, kNowMs, 4'000'000'000u, 200, 1);
    CHECK(kind(record) == OperationKind::respond);
    CHECK(record.word(kWord_a) == 503);
}

TEST_CASE("outcomes that make no sense are survived at every step of a request") {
    for (int step = 0; step < 8; ++step) {
        for (const auto& [status, number, data] : std::vector<std::tuple<host::Status, std::uint32_t, std::string>>{{host::Status::ok, 0, ""},
                                                                                                                  {host::Status::ok, 0xffffffff, std::string(1'000, '\0')},
                                                                                                                  {host::Status::ok, 200, "{\"model\":"},
                                                                                                                  {host::Status::timeout, 7, "x"},
                                                                                                                  {host::Status::failed, 200, kTake},
                                                                                                                  {host::Status::client_gone, 200, "x"},
                                                                                                                  {host::Status::too_large, 1, "x"}}) {
            Host host;
            std::uint32_t current = task(host.start("GET", "/v1/models", ""));
            OperationKind now = OperationKind::fetch;
            for (int i = 0; i < 60 && now != OperationKind::done; ++i) {
                const bool is_odd = i == step;
                const Record& record = is_odd ? host.resume(current, status, number, 1, data)
                                              : host.resume(current, host::Status::ok, now == OperationKind::fetch ? 200 : 1, 1, kTake);
                now = kind(record);
            }
            CAPTURE(step, static_cast<int>(status), number);
            CHECK(now == OperationKind::done);
        }
    }
}

TEST_CASE("a cancelled task is gone, and one that waited for what it was loading takes over") {
    Host host;
    const std::uint32_t first = task(host.start("POST", "/v1/chat/completions"));
    const std::uint32_t second = task(host.start("POST", "/v1/chat/completions"));
    host.instance.cancel(first);
    CHECK(kind(host.resume(first, host::Status::ok, 200, 1, "")) == OperationKind::done);
    CHECK(kind(host.resume(second, host::Status::ok, 0, 0, "")) == OperationKind::sleep);
    CHECK(kind(host.instance.resume(second, kNowMs + 4'000, 0, 0, 0)) == OperationKind::fetch);
}

TEST_CASE("bytes that were given for one call are not seen by the next one") {
    Host host;
    const std::uint32_t number = task(host.start("POST", "/admin/tokens", "the-admins-own-token"));
    host.give("{\"name\":\"left over\"}");
    host.instance.adopt(kNowMs);
    const Record& record = host.instance.resume(number, kNowMs, 0, 0, 0);
    CHECK(kind(record) == OperationKind::respond);
    CHECK(record.word(kWord_a) == 400);
}

TEST_CASE("housekeeping is a task like any other") {
    Host host;
    const Record& record = host.instance.scheduled(kNowMs);
    CHECK(kind(record) == OperationKind::fetch);
    CHECK(record.text(1) == "https://db.example/rest/v1/rpc/pool_prune");
}

TEST_CASE("an instance with nothing unsent leaves nothing, and nonsense is adopted without harm") {
    Host host;
    CHECK(host.instance.salvage(kNowMs).text(0).empty());
    for (const std::string& wire : {"x"s, "\0\0\0"s, "ollama\0id\0{}\0"s, "nobody\0id\0{}\0"s}) {
        host.give(wire);
        CHECK(kind(host.instance.adopt(kNowMs)) == OperationKind::done);
    }
    CHECK(host.instance.salvage(kNowMs).text(0) == "ollama\0id\0{}\0"s);
}
