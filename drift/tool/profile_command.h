#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drift/tool/console.h"

namespace drift {

/// `drift profile`: what its flags say.
struct ProfileOptions {
  std::string monitor;
  std::vector<std::string> data;
  std::string out;
  std::string model_config;   // empty: config.pbtxt beside monitor.yaml, where it is there
  std::string model_name;     // empty: as config.pbtxt or monitor.yaml's folder is called
  std::string model_version;  // empty: as out's folder is called, where that is a number
  std::string time_column;
  std::optional<int64_t> created_unix_s;  // unset: when the newest file of rows was written
  bool progress = false;  // shown from the beginning, and where standard error is no terminal too
  bool quiet = false;
  bool json = false;
};

/// Makes the profile; the summary goes to standard output, warnings, progress and errors to standard error. Exit status
/// 0, or 2 for bad input, and then no file was written or changed.
int RunProfile(const ProfileOptions& options, const Console& console);

}  // namespace drift
