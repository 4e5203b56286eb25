#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/watch/watched_version.h"

namespace drift {

/// Which models `drift watch` watches.
struct WatchedModels {
  std::vector<std::string> references;  // reference.pb files
  std::string monitor;                  // monitor.yaml for all of them; empty: the defaults
  std::string model_repository;         // instead: monitor.yaml and reference.pb of every model and version in it
};

/// Reads them. `notes` get what a person should know: features that records do not hold. Errors name the file; among
/// them: none or both of references and a repository, a repository without a watched model, two of one version.
absl::StatusOr<std::vector<std::unique_ptr<WatchedVersion>>> OpenWatched(const WatchedModels& models,
                                                                         int64_t created_ns,
                                                                         std::vector<std::string>& notes);

}  // namespace drift
