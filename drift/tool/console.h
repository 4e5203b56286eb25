#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace drift {

/// What a command sees of the world beside its files: tests give it another one.
struct Console {
  std::ostream& out;  // results
  std::ostream& err;  // warnings, progress, errors
  bool err_is_terminal = false;
  std::string program;  // "drift 0.1.0"
  std::function<int64_t()> monotonic_ns;
  std::function<int64_t()> unix_ns;
  std::function<std::string(const std::string&)> environment;  // empty: not set
};

/// Exit statuses, the same for every command.
inline constexpr int kDone = 0, kDriftFound = 1, kBadInput = 2;

/// "drift report: …" on standard error; kBadInput.
int Complain(const Console& console, const std::string& command, const absl::Status& status);

/// Text for a file, or for standard output where the path is "-". The file is replaced as a whole.
absl::Status WriteOutput(const Console& console, const std::string& path, const std::string& content);

}  // namespace drift
