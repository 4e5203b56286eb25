#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace driftserve {

/// UNAVAILABLE, marked: the device failed in a way after which every run on it fails, until the process ends.
absl::Status DeviceFault(std::string_view message);

bool IsDeviceFault(const absl::Status& status);

/// `status` with "`what`: " before its message; OK stays OK, and a device fault stays one.
absl::Status Prefixed(std::string_view what, const absl::Status& status);

}  // namespace driftserve
