#include "app/data_point.hpp"

#include "app/request_log.hpp"
#include "base/text.hpp"

namespace edgepool::app {
namespace {

// NUL ends a text on its way to the shim.
void add_blob(std::string& wire, std::string_view text) {
    for (const char c : clip_utf8(text, limits::kMaxLoggedTextBytes)) wire += c == '\0' ? ' ' : c;
    wire += '\0';
}

void add_number(std::string& wire, double value) {
    wire += std::to_string(static_cast<std::int64_t>(value < 0 ? 0 : value));
    wire += '\0';
}

}  // namespace

host::DataPoint data_point_of(const Exchange& exchange) {
    const RequestRecord& record = exchange.record;
    host::DataPoint point;
    point.binding = kAnalyticsBinding;
    point.index = record.token.empty() ? "-" : record.token;
    for (const std::string_view text : {record.provider, std::string_view(record.model), route_pattern(exchange.routing), dialect_name(exchange.dialect()),
                                        outcome_name(outcome_of(record)), record.error, record.delivery, std::string_view(record.key_id)}) {
        add_blob(point.blobs, text);
    }
    const usage::Usage& usage = record.usage;
    for (const double value : {double(record.status), double(record.attempts), exchange.app.now_ms - exchange.began_ms, record.first_byte_ms.value_or(0),
                               double(usage.prompt), double(usage.completion), double(usage.cached), double(usage.reasoning), double(usage.cost_nano)}) {
        add_number(point.numbers, value);
    }
    return point;
}

}  // namespace edgepool::app
