// Byte-exact changes to a document: what is not spliced stays as the client wrote it. A list of splices is sorted by offset and its
// members do not overlap; offsets are those of the untouched document.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "json/request_facts.hpp"

namespace edgepool::json {

struct Splice {
    std::size_t offset = 0;
    std::size_t remove = 0;  // bytes
    std::string insert;
};

// A splice that lies outside of the document or overlaps the one before is left out.
std::string apply_splices(std::string_view body, const std::vector<Splice>& splices);

// Adds `more` to `splices`, keeping the order.
void add_splices(std::vector<Splice>& splices, std::vector<Splice> more);

// Names `new_model` in every "model" of the body.
std::vector<Splice> replace_model(const RequestFacts& facts, std::string_view new_model);

// Sets stream_options.include_usage to true. Nothing when it is, or when stream_options is neither object nor null: the upstream refuses
// that anyway.
std::vector<Splice> ask_for_usage(const RequestFacts& facts, std::string_view body);

// A JSON string literal with its quotes; what is not UTF-8 becomes U+FFFD.
std::string quote(std::string_view text);

}  // namespace edgepool::json
