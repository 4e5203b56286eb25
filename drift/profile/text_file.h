#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drift {

/// The content of a regular file. NOT_FOUND where there is none, INVALID_ARGUMENT above `max_bytes` and for anything
/// that is not a regular file, UNAVAILABLE where reading failed; the message names the path.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes);

/// Replaces `path` as a whole: written and synchronised beside it under another name, then renamed over it. A reader
/// sees the old content or the new one, never a part; after a failure the old file stands.
absl::Status WriteFileAtomically(const std::string& path, std::string_view content);

/// A file, and what it is to hold.
struct NewFile {
  std::string path;
  std::string content;
};

/// The same of several files: none is replaced where one of them cannot be written. INVALID_ARGUMENT where two have one
/// path.
absl::Status WriteFilesAtomically(const std::vector<NewFile>& files);

/// Where the first byte stands that is not part of valid UTF-8.
std::optional<size_t> FirstInvalidUtf8(std::string_view text);

}  // namespace drift
