#pragma once

#include <string>

#include "drift/value.h"

namespace drift {

/// The name of the stratum that a value stands for: a text as it is, a number as a person writes it, a missing value
/// "default".
std::string StratumText(const Value& value);

}  // namespace drift
