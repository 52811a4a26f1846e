// A hostile shim: any calls in any order with any bytes, answers of every kind to whatever the core asks for. Every record that comes
// back is read to its last byte, so that AddressSanitizer sees a pointer that leads astray.
#include <cstring>
#include <deque>
#include <iterator>
#include <limits>
#include <map>
#include <string>

#include "fuzz/fuzz_check.hpp"
#include "worker/instance.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

using worker::Instance;
using worker::OperationKind;
using worker::Record;

constexpr double kBeganMs = 1'800'000'000'000;
constexpr std::size_t kMostCalls = 64;

std::string nul_separated(std::initializer_list<std::string_view> texts) {
    std::string wire;
    for (const std::string_view text : texts) wire.append(text).push_back('\0');
    return wire;
}

const std::string kVariables = nul_separated({"ADMIN_TOKEN", "admin-of-the-fuzzer", "SUPABASE_REST_URL", "http://127.0.0.1:9/rest/v1", "SUPABASE_SERVICE_ROLE_KEY", "sb_secret_fuzz"});

constexpr std::string_view kPaths[] = {"/v1/chat/completions", "/v1/messages", "/api/chat", "/openrouter/v1/responses", "/v1/models", "/health", "/admin/public-stats", "/admin/stats",
    "/admin/api-keys", "/admin/api-keys/import", "/admin/keys/enable", "/admin/keys/health-check", "/admin/verify-key", "/admin/explain", "/admin/tokens", "/admin/trends", "/admin/settings", "/metrics"};

// What a well-behaved shim might hand in, so that flows get further than their first step.
const std::string_view kAnswers[] = {
    R"({"now_ms":1800000000000,"next_since_ms":1,"total":2,"usable":2,"next_ms":null,"models":[],"keys":[{"id":"0123456789abcdef","key":"k1","state":"active","refusals":0,"fails":0,"quota":null,"ceiling":null,"reason":null},{"id":"1123456789abcdef","key":"k2","state":"probation","refusals":2,"fails":1,"quota":null,"ceiling":1,"reason":"x"}],"token":{"hash":"0c4a4a7b2d1be8b9ea1d2dba7cf6f6f0a4a5c8d8e5b7f1d2c3b4a59687786950","name":"t","disabled":false,"expires_ms":null,"limits":null,"used":null}})",
    R"({"model":"m","stream":true,"messages":[]})", R"({"model":"m","messages":[]})", R"({"provider":"openrouter","model":"m","api_key":"k","name":"n","ids":["0123456789abcdef"],"keys":["a","b"]})",
    "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\ndata: [DONE]\n\n", R"({"error":{"message":"no","code":429}})", R"({"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}})",
    R"({"applied":true,"hint_ms":1000,"now_ms":1800000000000})", R"({"version":1000,"providers":{"ollama":{"tables":"ok"}}})"};

// Every byte that the record points to.
std::size_t read_whole(const Record& record) {
    std::size_t sum = 0;
    for (std::size_t number = 0; number < 5; ++number) {
        for (const char c : record.text(number)) sum += static_cast<unsigned char>(c);
    }
    return sum;
}

class HostileShim {
public:
    explicit HostileShim(fuzz::Choices& choices) : choices_(choices) {
        hand_in(std::string(32, 's') + (choices_.below(8) == 0 ? std::string(choices_.text()) : kVariables));
        look(instance_.create(now_ms_));
    }

    void act() {
        now_ms_ = next_time();
        switch (choices_.below(12)) {
            case 0: start_anything(); break;
            case 1: look(instance_.scheduled(now_ms_)); break;
            case 2: instance_.cancel(any_task()); forget_cancelled(); break;
            case 3: hand_in(choices_.text()); look(instance_.adopt(now_ms_)); break;
            case 4: pass_on(); break;
            case 5: look(instance_.begin(any_task(), now_ms_)); break;
            case 6:
            case 7: start_request(); break;
            default: answer(); break;
        }
        for (const app::LogLine& line : instance_.take_log_lines()) check(line.text.find("sb_secret_fuzz") == std::string::npos);
    }

private:
    void hand_in(std::string_view bytes) {
        char* room = instance_.reserve(bytes.size());
        check(room != nullptr);
        std::memcpy(room, bytes.data(), bytes.size());
    }

    double next_time() {
        constexpr double kOddTimes[] = {0, -1, 1e300, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), kBeganMs - 1e9};
        const std::size_t choice = choices_.below(16);
        if (choice < std::size(kOddTimes)) return kOddTimes[choice];
        kept_ms_ += choice == 15 ? choices_.word() : 1;
        return kept_ms_;
    }

    void look(const Record& record) {
        read_whole(record);
        const auto task = static_cast<std::uint32_t>(record.word(worker::kWord_task));
        const auto kind = static_cast<OperationKind>(record.word(worker::kWord_kind));
        if (kind == OperationKind::done) waiting_.erase(task);
        else waiting_[task] = kind;
        const auto* spawned = reinterpret_cast<const std::uint32_t*>(record.word(worker::kWord_spawned));
        for (std::size_t i = 0; i < record.word(static_cast<worker::Word>(worker::kWord_spawned + 1)); ++i) spawned_.push_back(spawned[i]);
    }

    void start_anything() {
        hand_in(choices_.text());
        look(instance_.start(now_ms_));
    }

    void start_request() {
        constexpr std::string_view kMethods[] = {"POST", "GET", "DELETE", "PATCH", "OPTIONS"};
        const std::string url = "https://pool.test" + std::string(kPaths[choices_.below(std::size(kPaths))]);
        const std::string_view token = choices_.below(2) == 0 ? "Bearer client-token" : "Bearer admin-of-the-fuzzer";
        hand_in(nul_separated({kMethods[choices_.below(std::size(kMethods))], url, "authorization", token, "content-type", choices_.below(4) == 0 ? "text/plain" : "application/json"}));
        look(instance_.start(now_ms_));
    }

    // Answers a flow that waits, or one that does not.
    void answer() {
        const std::uint32_t task = any_task();
        const std::size_t source = choices_.below(16);
        hand_in(source < std::size(kAnswers) ? kAnswers[source] : choices_.text());
        const std::uint32_t status = choices_.below(4) == 0 ? choices_.word() % 7 : 0;
        const std::uint32_t number = choices_.below(2) == 0 ? 200 : choices_.word() % 600;
        look(instance_.resume(task, now_ms_, status, choices_.below(3) == 0 ? 1 : number, choices_.byte()));
    }

    // What a dying instance leaves is taken over by itself: its batches must not be taken twice by the pool's own reckoning.
    void pass_on() {
        const std::string left(instance_.salvage(now_ms_).text(0));
        Instance heir;
        char* room = heir.reserve(32 + kVariables.size());
        check(room != nullptr);
        std::memcpy(room, (std::string(32, 'h') + kVariables).data(), 32 + kVariables.size());
        heir.create(now_ms_);
        room = heir.reserve(left.size());
        check(room != nullptr);
        std::memcpy(room, left.data(), left.size());
        read_whole(heir.adopt(now_ms_));
        check(std::string(heir.salvage(now_ms_).text(0)).size() >= left.size() / 2);
    }

    std::uint32_t any_task() {
        const std::size_t choice = choices_.byte();
        if (choice == 255) return choices_.word();
        if (!spawned_.empty() && choice % 7 == 0) return spawned_.front();  // not begun yet
        if (!spawned_.empty() && choice % 3 == 0) {
            const std::uint32_t task = spawned_.front();
            spawned_.pop_front();
            look(instance_.begin(task, now_ms_));
            return task;
        }
        if (waiting_.empty()) return 0;
        auto found = waiting_.begin();
        std::advance(found, choice % waiting_.size());
        return last_ = found->first;
    }

    void forget_cancelled() { waiting_.erase(last_); }

    fuzz::Choices& choices_;
    Instance instance_;
    std::map<std::uint32_t, OperationKind> waiting_;
    std::deque<std::uint32_t> spawned_;
    std::uint32_t last_ = 0;
    double now_ms_ = kBeganMs;
    double kept_ms_ = kBeganMs;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Choices choices(data, size);
    HostileShim shim(choices);
    for (std::size_t call = 0; call < kMostCalls && !choices.is_empty(); ++call) shim.act();
    return 0;
}
