// The Wasm flavour of the scan benchmark: the cases as exports. scan_bench.mjs holds the clock.
#include <string>

#include "scan_cases.hpp"

namespace {

std::string input;

}  // namespace

#define EDGEPOOL_EXPORT(name) extern "C" __attribute__((export_name(#name)))

EDGEPOOL_EXPORT(prepare_body) std::size_t prepare_body(unsigned shape, std::size_t size) {
    input = edgepool::bench::request_body(static_cast<edgepool::bench::Shape>(shape), size);
    return input.size();
}

EDGEPOOL_EXPORT(prepare_stream) std::size_t prepare_stream(std::size_t events) {
    input = edgepool::bench::chat_stream(events);
    return input.size();
}

EDGEPOOL_EXPORT(scan) std::size_t scan() { return edgepool::bench::scan_once(input); }

EDGEPOOL_EXPORT(parse) std::size_t parse() { return edgepool::bench::parse_once(input); }

EDGEPOOL_EXPORT(observe) std::size_t observe(std::size_t chunk_bytes) { return edgepool::bench::observe_once(input, chunk_bytes); }
