#pragma once

#include <string>

#include "server/base/log.h"
#include "server/base/log_filter.h"
#include "server/config/server_config.h"

namespace driftserve {

/// The least severe level that `config.level` lets through.
LogLevel LeastLevel(const LogConfig& config);

/// A log to standard error, as text or one JSON object a line, of what `filter` lets through. Thread-safe. The filter
/// must outlive it.
Log MakeLog(const LogConfig& config, const LogFilter* filter);

}  // namespace driftserve
