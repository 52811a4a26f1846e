// Takes out of a provider's text what neither logs nor clients may see: keys and tokens, addresses, the upstream account's name.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "provider/provider.hpp"

namespace edgepool::verdict {

// What the provider's row says names the account. Unchanged where there is nothing of the kind.
std::string hide_account(std::span<const HiddenText> hidden, std::string_view text);

// `secret` itself and what is written like a key of the "sk-" kind become "***".
std::string mask_keys(std::string_view text, std::string_view secret);

// For evidence, which outlives the request: beyond mask_keys also bearer credentials, e-mail addresses and anything long enough and mixed
// enough to be a token.
std::string mask_everything(std::string_view text, std::string_view secret);

}  // namespace edgepool::verdict
