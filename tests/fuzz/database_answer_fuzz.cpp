// The database's answers: read or refused, and what was read can be put to work in a key pool. The first byte chooses the status.
#include <string>

#include "base/limits.hpp"
#include "fuzz/fuzz_check.hpp"
#include "keys/key_pool.hpp"
#include "store/calls.hpp"
#include "store/rpc.hpp"

using namespace edgepool;
using edgepool::fuzz::check;

namespace {

constexpr double kNowMs = 1'800'000'000'000;
constexpr std::uint32_t kStatuses[] = {200, 200, 200, 204, 400, 401, 404, 413, 429, 500, 503};

// Draws keys for a while; each is given back.
void put_to_work(keys::KeyPool& pool) {
    Random random(1);
    std::vector<keys::VerdictRecord> records;
    for (int i = 0; i < 8; ++i) {
        const auto ticket = pool.take({.model = "m"}, kNowMs + i, random);
        if (!ticket) break;
        check(!ticket->secret.empty() && !ticket->id.empty());
        pool.settle(*ticket, {.success = i % 2 == 0, .verdict = nullptr, .model = "m", .latency_ms = 10}, kNowMs + i, records);
    }
    check(pool.in_flight() == 0);
    check(pool.usable(kNowMs) <= pool.size());
    check(pool.explain("m", kNowMs, 5).size() <= 5);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto answer = store::read_rpc_answer(kStatuses[data[0] % std::size(kStatuses)], fuzz::text_of(data + 1, size - 1));
    if (!answer) {
        check(answer.error().code != ErrorCode::internal);
        return 0;
    }
    keys::KeyPool pool;
    auto take = store::decode_take(*answer);
    if (take) {
        pool.load(std::move(take->set), kNowMs);
        put_to_work(pool);
    }
    auto changes = store::decode_changes(*answer);
    if (changes) {
        pool.apply(changes->changes, kNowMs + 1);
        put_to_work(pool);
    }
    store::decode_token(*answer).has_value();
    store::decode_record(*answer).has_value();
    return 0;
}
