// One row per upstream provider. Nothing outside this folder names one: routes, rewriting, verdicts and probes read the row.
// A further OpenAI-compatible provider is a row here, a line of SQL and a folder of fixtures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "verdict/rule.hpp"

namespace edgepool {

// A request header that names the operator's application; added only where the client sent none.
struct Attribution {
    std::string_view header;    // lower case
    std::string_view variable;  // the configuration variable that holds its value
};

// A piece of an error's text that names the upstream account.
struct HiddenText {
    enum class Kind : std::uint8_t {
        between,     // from `open` to `close` on one line, both included: becomes `instead`
        json_string  // the string value of the member `open`: emptied
    };
    Kind kind = Kind::between;
    std::string_view open;
    std::string_view close = {};
    std::string_view instead = {};
};

// How the answer of the key-information route is read (verdict/probe.hpp).
enum class ProbeFormat : std::uint8_t { none, balance, key_limits };

struct Provider {
    std::string_view id;     // also the prefix of its paths and tables
    std::string_view title;  // for people
    std::string_view default_base_url;
    std::string_view base_url_variable;
    std::string_view disable_variable;
    std::string_view removed_path_prefix;  // cut from the client's path before it is appended to the base URL
    std::string_view probe_path;           // appended to the base URL; asking it costs nothing
    std::string_view models_path;          // appended to the base URL
    ProbeFormat probe_format = ProbeFormat::none;
    std::uint32_t probes_per_minute = 10;  // what the provider allows for one account
    bool is_default = false;               // serves paths without a provider prefix
    bool serves_ollama_native = false;     // the /api/... routes
    bool usage_always_in_stream = false;   // no need to ask with stream_options.include_usage
    std::span<const std::string_view> model_choosing_members = {};  // of a body's top level, beside "model": they name models that may answer instead
    std::span<const Attribution> attributions = {};
    std::span<const std::string_view> passing_request_headers = {};  // lower case; prefixes of its own headers that a client may send
    std::span<const std::string_view> hidden_response_headers = {};  // lower case; they name the upstream account
    std::span<const HiddenText> hidden_in_errors = {};
    std::span<const verdict::Rule> rules = {};
};

std::span<const Provider> providers();

// nullptr when there is none of that id.
const Provider* find_provider(std::string_view id);

// The row's place in providers().
std::size_t provider_index(const Provider& provider);

}  // namespace edgepool
