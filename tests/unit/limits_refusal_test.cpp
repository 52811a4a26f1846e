#include "limits/refusal_gate.hpp"

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace edgepool;
using limits::RefusalGate;

namespace {

constexpr double kStartMs = 1'800'000'000'000;

void refuse(RefusalGate& gate, std::string_view address, std::uint32_t times, double now_ms = kStartMs) {
    for (std::uint32_t i = 0; i < times; ++i) gate.note_refusal(address, now_ms);
}

}  // namespace

TEST_CASE("an address may be wrong nine times in a row, and waits from the tenth on") {
    RefusalGate gate;
    refuse(gate, "203.0.113.7", limits::kFreeRefusals - 1);
    CHECK(gate.wait_s("203.0.113.7", kStartMs) == 0);
    refuse(gate, "203.0.113.7", 1);
    CHECK(gate.wait_s("203.0.113.7", kStartMs) == 1);
    CHECK(gate.wait_s("203.0.113.8", kStartMs) == 0);
    CHECK(gate.wait_s("203.0.113.7", kStartMs + 999) == 1);
    CHECK(gate.wait_s("203.0.113.7", kStartMs + 1000) == 0);
}

TEST_CASE("the wait doubles with each further refusal, up to a minute and no further") {
    RefusalGate gate;
    refuse(gate, "a", limits::kFreeRefusals);
    for (const std::uint32_t wait : {2u, 4u, 8u, 16u, 32u, 60u, 60u}) {
        refuse(gate, "a", 1);
        CHECK(gate.wait_s("a", kStartMs) == wait);
    }
    CHECK(gate.wait_s("a", kStartMs - 3'600'000) == 60);
}

TEST_CASE("a right token clears its address, and so does a quarter of an hour of quiet") {
    RefusalGate gate;
    refuse(gate, "a", limits::kFreeRefusals + 3);
    gate.note_success("a");
    CHECK(gate.wait_s("a", kStartMs) == 0);
    refuse(gate, "a", limits::kFreeRefusals - 1);
    CHECK(gate.wait_s("a", kStartMs) == 0);
    refuse(gate, "a", 1, kStartMs + 16 * 60'000);
    CHECK(gate.wait_s("a", kStartMs + 16 * 60'000) == 0);
}

TEST_CASE("addresses of one IPv6 network count as one, and no address is never made to wait") {
    RefusalGate gate;
    for (std::uint32_t i = 0; i < limits::kFreeRefusals; ++i) gate.note_refusal("2001:db8:0:1::" + std::to_string(i), kStartMs);
    CHECK(gate.wait_s("2001:db8:0:1:ffff::9", kStartMs) == 1);
    CHECK(gate.wait_s("2001:db8:0:2::1", kStartMs) == 0);
    refuse(gate, "", 100);
    CHECK(gate.wait_s("", kStartMs) == 0);
    CHECK(gate.size() == 1);
}

TEST_CASE("as many addresses are remembered as the bound says, not more, and the one that is at it stays") {
    RefusalGate gate;
    for (std::size_t i = 0; i < limits::kRefusedAddresses; ++i) gate.note_refusal("quiet-" + std::to_string(i), kStartMs + static_cast<double>(i));
    CHECK(gate.size() == limits::kRefusedAddresses);
    const double later_ms = kStartMs + static_cast<double>(limits::kRefusedAddresses);
    refuse(gate, "busy", limits::kFreeRefusals, later_ms);
    CHECK(gate.size() <= limits::kRefusedAddresses);
    CHECK(gate.wait_s("busy", later_ms) == 1);
}
