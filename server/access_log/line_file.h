#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "server/access_log/access_log.h"

namespace driftserve {

/// Appends lines to the file at `path`, or to standard error where that is empty. A file that was moved or removed is
/// opened anew, so that the usual tools rotate it. INVALID_ARGUMENT naming the option where it cannot be opened.
/// The sink is used by one thread at a time.
absl::StatusOr<LineSink> OpenLineFile(const std::string& path);

}  // namespace driftserve
