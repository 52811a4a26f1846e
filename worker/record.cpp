#include "worker/record.hpp"

#include <variant>

namespace edgepool::worker {
namespace {

// The numbers in abi.def and the enums of the core are the same ones.
#define EDGEPOOL_STATUS(number, name) static_assert(static_cast<std::uint32_t>(host::Status::name) == number);
#include "worker/abi_lists.hpp"
#define EDGEPOOL_BODY(number, name) static_assert(static_cast<std::uint32_t>(host::BodyKind::name) == number);
#include "worker/abi_lists.hpp"

void append_u32(std::string& out, std::size_t value) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>((value >> shift) & 0xff));
}

}  // namespace

std::string splice_wire(const std::vector<json::Splice>& splices) {
    std::string wire;
    for (const json::Splice& splice : splices) {
        append_u32(wire, splice.offset);
        append_u32(wire, splice.remove);
        append_u32(wire, splice.insert.size());
        wire += splice.insert;
    }
    return wire;
}

void Record::fill(std::uint32_t task, const host::Operation& operation) {
    words_.fill(0);
    spawned_.clear();
    std::visit([this](const auto& op) { describe(op); }, operation);
    words_[kWord_task] = task;
}

void Record::set_spawned(std::vector<std::uint32_t> tasks) {
    spawned_ = std::move(tasks);
    words_[kWord_spawned] = reinterpret_cast<RecordWord>(spawned_.data());
    words_[kWord_spawned + 1] = spawned_.size();
}

std::string_view Record::text(std::size_t number) const {
    const std::size_t at = kWord_texts + 2 * number;
    return {reinterpret_cast<const char*>(words_[at]), words_[at + 1]};
}

void Record::set(OperationKind kind, RecordWord a, RecordWord b, RecordWord c, RecordWord d) {
    words_[kWord_kind] = static_cast<RecordWord>(kind);
    words_[kWord_a] = a;
    words_[kWord_b] = b;
    words_[kWord_c] = c;
    words_[kWord_d] = d;
}

void Record::set_text(std::size_t number, std::string_view text) {
    const std::size_t at = kWord_texts + 2 * number;
    words_[at] = reinterpret_cast<RecordWord>(text.data());
    words_[at + 1] = text.size();
}

void Record::describe(const std::monostate&) { set(OperationKind::done); }

void Record::describe(const host::ReadRequestBody& op) { set(OperationKind::read_request_body, op.max_bytes, op.timeout_ms); }

void Record::describe(const host::Fetch& op) {
    set(OperationKind::fetch, op.timeout_ms, static_cast<RecordWord>(op.body_kind));
    header_wire_ = op.headers.to_wire();
    set_text(0, op.method);
    set_text(1, op.url);
    set_text(2, header_wire_);
    if (op.body_kind == host::BodyKind::client) {
        splice_wire_ = splice_wire(op.splices);
        set_text(3, splice_wire_);
    } else {
        set_text(3, op.body);
    }
    set_text(4, op.wanted);
}

void Record::describe(const host::ReadBody& op) { set(OperationKind::read_body, op.handle, op.max_bytes, op.timeout_ms, op.total_ms); }

void Record::describe(const host::CancelBody& op) { set(OperationKind::cancel_body, op.handle); }

void Record::describe(const host::Respond& op) {
    set(OperationKind::respond, static_cast<RecordWord>(op.status), op.stays_open ? 1 : 0);
    header_wire_ = op.headers.to_wire();
    set_text(0, header_wire_);
    set_text(1, op.body);
}

void Record::describe(const host::Forward& op) {
    set(OperationKind::forward, op.handle, static_cast<RecordWord>(op.status), op.observe_ms);
    header_wire_ = op.set.to_wire();
    set_text(0, header_wire_);
    set_text(1, op.removed);
}

void Record::describe(const host::ForwardHead& op) {
    set(OperationKind::forward_head, op.handle, static_cast<RecordWord>(op.status));
    header_wire_ = op.set.to_wire();
    set_text(0, header_wire_);
    set_text(1, op.removed);
}

void Record::describe(const host::Observe& op) { set(OperationKind::observe, op.timeout_ms, op.wants_data ? 1 : 0); }

void Record::describe(const host::Finish& op) {
    set(OperationKind::finish, op.stops_upstream ? 1 : 0, op.breaks_off ? 1 : 0, op.timeout_ms);
    set_text(0, op.tail);
}

void Record::describe(const host::Sleep& op) { set(OperationKind::sleep, op.timeout_ms); }

void Record::describe(const host::RandomBytes& op) { set(OperationKind::random_bytes, op.count); }

void Record::describe(const host::RateLimit& op) {
    set(OperationKind::rate_limit);
    set_text(0, op.binding);
    set_text(1, op.key);
}

void Record::describe(const host::SocketExchange& op) {
    set(OperationKind::socket_exchange, op.port, op.is_encrypted ? 1 : 0, op.max_bytes, op.timeout_ms);
    set_text(0, op.host);
    set_text(1, op.bytes);
}

void Record::describe(const host::Write& op) {
    set(OperationKind::write, op.timeout_ms);
    set_text(0, op.bytes);
}

void Record::describe(const host::Join& op) { set(OperationKind::join, op.timeout_ms); }

void Record::describe(const host::CacheGet& op) {
    set(OperationKind::cache_get, op.max_bytes, op.timeout_ms);
    set_text(0, op.url);
}

void Record::describe(const host::CachePut& op) {
    set(OperationKind::cache_put, op.timeout_ms);
    header_wire_ = op.headers.to_wire();
    set_text(0, op.url);
    set_text(1, header_wire_);
    set_text(2, op.body);
}

void Record::describe(const host::DataPoint& op) {
    set(OperationKind::data_point);
    set_text(0, op.binding);
    set_text(1, op.index);
    set_text(2, op.blobs);
    set_text(3, op.numbers);
}

}  // namespace edgepool::worker
