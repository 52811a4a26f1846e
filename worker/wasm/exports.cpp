// The module's exports and its one import. Nothing is decided here: numbers in, the instance's record out.
#include <cstdint>

#include "worker/instance.hpp"

#define EDGEPOOL_EXPORT(name) extern "C" __attribute__((export_name(#name), used)) auto name

extern "C" __attribute__((import_module("env"), import_name("log"))) void host_log(std::uint32_t is_error, const char* text, std::uint32_t size);

namespace {

edgepool::worker::Instance& instance() {
    static edgepool::worker::Instance* the_instance = new edgepool::worker::Instance();
    return *the_instance;
}

// The record's words, after the log lines of this call have gone out.
const edgepool::worker::RecordWord* returned(const edgepool::worker::Record& record) {
    for (const edgepool::app::LogLine& line : instance().take_log_lines()) {
        host_log(line.is_error ? 1 : 0, line.text.data(), static_cast<std::uint32_t>(line.text.size()));
    }
    return record.words();
}

}  // namespace

EDGEPOOL_EXPORT(ep_reserve)(std::uint32_t size) -> char* { return instance().reserve(size); }

EDGEPOOL_EXPORT(ep_create)(double now_ms) -> const edgepool::worker::RecordWord* { return returned(instance().create(now_ms)); }

EDGEPOOL_EXPORT(ep_start)(double now_ms) -> const edgepool::worker::RecordWord* { return returned(instance().start(now_ms)); }

EDGEPOOL_EXPORT(ep_scheduled)(double now_ms) -> const edgepool::worker::RecordWord* { return returned(instance().scheduled(now_ms)); }

EDGEPOOL_EXPORT(ep_begin)(std::uint32_t task, double now_ms) -> const edgepool::worker::RecordWord* {
    return returned(instance().begin(task, now_ms));
}

EDGEPOOL_EXPORT(ep_resume)
(std::uint32_t task, double now_ms, std::uint32_t status, std::uint32_t number, std::uint32_t handle) -> const edgepool::worker::RecordWord* {
    return returned(instance().resume(task, now_ms, status, number, handle));
}

EDGEPOOL_EXPORT(ep_cancel)(std::uint32_t task) -> void { instance().cancel(task); }

EDGEPOOL_EXPORT(ep_salvage)(double now_ms) -> const edgepool::worker::RecordWord* { return returned(instance().salvage(now_ms)); }

EDGEPOOL_EXPORT(ep_adopt)(double now_ms) -> const edgepool::worker::RecordWord* { return returned(instance().adopt(now_ms)); }
