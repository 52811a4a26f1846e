// The documented answers under tests/fixtures/providers/<id>/, read for the conformance suite. tests/fixtures/providers/README.md says
// what their members mean.
#pragma once

#include <string>
#include <vector>

#include "http/headers.hpp"
#include "json/dom.hpp"
#include "provider/provider.hpp"
#include "verdict/verdict.hpp"

namespace edgepool::conformance {

struct Fixture {
    std::string name;  // "ollama/401"
    const Provider* provider = nullptr;
    json::Json file;
    double now_ms = 0;
    int status = 0;
    Headers headers;
    std::string body;

    // The answer as a flow would hand it over.
    verdict::Answer answer() const;
    const json::Json& expect() const { return file.at("expect"); }
};

// All fixtures of all providers, by name.
const std::vector<Fixture>& fixtures();

}  // namespace edgepool::conformance
