#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "drift/profile/text_file.h"

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

/// Lines that may hold anything that a file held, as a terminal can show them: what is no character becomes \xNN.
std::string Printable(std::string_view lines);

/// "drift report: …" on standard error; kBadInput.
int Complain(const Console& console, const std::string& command, const absl::Status& status);

/// "warning: …" for each on standard error.
void Warn(const Console& console, const std::vector<std::string>& warnings);

/// What a command writes when all went well: files, replaced as a whole and all or none of them, then standard output.
class Outputs {
 public:
  /// An empty path: nothing; "-": standard output.
  void Add(const std::string& path, std::string content);
  absl::Status Write(const Console& console) const;

 private:
  std::vector<NewFile> files_;
  std::string standard_output_;
};

}  // namespace drift
