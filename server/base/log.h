#pragma once

#include <functional>
#include <string>

namespace driftserve {

enum class LogLevel { kInfo, kWarning, kError };

/// Where a folder that knows no logging library says what a person should read. Called by the thread that noticed;
/// must not block for long.
using Log = std::function<void(LogLevel level, const std::string& message)>;

}  // namespace driftserve
