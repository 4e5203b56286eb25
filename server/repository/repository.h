#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/server_config.h"
#include "server/execute/executor.h"
#include "server/repository/model.h"

namespace driftserve {

/// The state of one version found in the repository, as RepositoryIndex reports it.
struct VersionState {
  std::string name;
  std::string version;
  std::string state;   // READY, UNAVAILABLE, LOADING, UNLOADING
  std::string reason;  // why it is not READY
};

/// Model folders on disk → installed models. Loading is two steps: `trial` proves on bytes read once that the model
/// loads and runs, `install` makes graphs for every serving thread out of the very same bytes, warms each bucket and
/// measures it.
///
/// Thread safety: one caller at a time. Errors name the file (and line and column of config.pbtxt), what was expected
/// and what to change; all faults of one model are listed.
class Repository {
 public:
  /// `pollers`: how many serving threads want a graph of their own. `loader` and `clock` must outlive the repository.
  Repository(const ServerConfig& config, int pollers, Loader* loader, const class Clock* clock);

  /// Names of the folders that hold a model.
  absl::StatusOr<std::vector<std::string>> ListModels() const;

  /// Every version of `name` that its version policy names, loaded and ready to serve.
  absl::StatusOr<std::vector<std::shared_ptr<Model>>> LoadModel(const std::string& name);

 private:
  const ServerConfig config_;
  const int pollers_;
  Loader* const loader_;
  const Clock* const clock_;
};

}  // namespace driftserve
