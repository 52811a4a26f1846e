#include "keys/refusal_ruling.hpp"

#include <algorithm>

#include "keys/probe_record.hpp"

namespace edgepool::keys {
namespace {

constexpr int kSingleRefusal = 1;

}  // namespace

std::optional<VerdictRecord> ruling_on(const Suspect& suspect, const verdict::ProbeReading& reading) {
    using Standing = verdict::ProbeReading::Standing;
    std::optional<VerdictRecord> record = probe_record(reading, suspect.id, suspect.refusals, suspect.at_ms + 1);
    if (!record) return std::nullopt;
    record->refusals = reading.standing == Standing::refused ? suspect.refusals : kSingleRefusal;
    if (reading.standing == Standing::good || reading.standing == Standing::refused) {
        record->reason = suspect.reason;
        record->evidence = suspect.evidence;
    }
    if (reading.standing == Standing::good) record->state = VerdictRecord::State::benched;
    if (reading.standing == Standing::refused) record->state = VerdictRecord::State::disabled;
    if (record->state == VerdictRecord::State::benched) record->until_ms = std::max(suspect.until_ms, record->until_ms.value_or(0));
    else record->until_ms.reset();
    return record;
}

}  // namespace edgepool::keys
