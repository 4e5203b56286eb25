#pragma once

#include <string>

#include "server/base/log.h"
#include "server/config/server_config.h"

namespace driftserve {

/// A log to standard error, as text or one JSON object a line. Thread-safe.
Log MakeLog(const LogConfig& config);

}  // namespace driftserve
