#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/config/options.h"

namespace driftserve {

/// Sets `option` of `config` from text. Returns what is wrong — what was expected and what came — or nothing, and
/// leaves the value as it was where something is wrong. Lists are split at commas.
std::string SetOption(const Option& option, ServerConfig& config, std::string_view text);

/// What SetOption accepts, in words: "a whole number from 1 to 4096".
std::string Expected(const Option& option);

/// The value in force as text; lists joined by commas, maps not at all.
std::string ValueText(const Option& option, const ServerConfig& config);

}  // namespace driftserve
