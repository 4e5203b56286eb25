#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace driftserve {

/// The whole of a file that must lie inside `root`, symbolic links followed, and be a regular file of at most `limit`
/// bytes. NOT_FOUND where there is none; INVALID_ARGUMENT, naming the path, for the rest.
absl::StatusOr<std::shared_ptr<const std::string>> ReadInside(const std::string& root, const std::string& path,
                                                              int64_t limit);

}  // namespace driftserve
