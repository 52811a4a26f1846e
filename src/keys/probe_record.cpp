#include "keys/probe_record.hpp"

#include <cmath>

#include "keys/key_slot.hpp"

namespace edgepool::keys {

std::optional<VerdictRecord> probe_record(const verdict::ProbeReading& reading, std::string_view key_id, int refusals, double now_ms) {
    using Standing = verdict::ProbeReading::Standing;
    VerdictRecord record;
    record.id = key_id;
    record.at_ms = std::floor(now_ms);
    record.reason = reading.reason;
    record.evidence = reading.evidence;
    record.remaining = reading.remaining;
    switch (reading.standing) {
        case Standing::unknown: return std::nullopt;
        case Standing::good: return record;
        case Standing::expired: record.state = VerdictRecord::State::expired; return record;
        case Standing::unsuitable: record.state = VerdictRecord::State::disabled; return record;
        case Standing::spent:
            record.state = VerdictRecord::State::benched;
            record.until_ms = reading.until_ms;
            return record;
        case Standing::refused:
            record.refusals = refusals + 1;
            if (reading.disable || record.refusals >= KeySlot::kRefusalsToDisable) {
                record.state = VerdictRecord::State::disabled;
            } else {
                record.state = VerdictRecord::State::benched;
                record.until_ms = reading.until_ms;
            }
            return record;
    }
    return std::nullopt;
}

}  // namespace edgepool::keys
