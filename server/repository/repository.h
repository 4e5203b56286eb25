#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/server_config.h"
#include "server/execute/executor.h"
#include "server/repository/config_text.h"
#include "server/repository/model.h"
#include "server/repository/trial.h"

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
  /// `trial` null: in this process.
  Repository(const ServerConfig& config, int pollers, Loader* loader, const class Clock* clock,
             std::unique_ptr<Trial> trial = nullptr);
  ~Repository();

  /// The models to serve: those that repository.models names, else every folder that holds a config.pbtxt or a
  /// version. NOT_FOUND where the repository or one of the named is not there.
  absl::StatusOr<std::vector<std::string>> ListModels() const;

  /// Every version of `name` that its version policy names, loaded; ready to serve once the threads that run it have
  /// called WarmGraph on their graphs.
  absl::StatusOr<std::vector<std::shared_ptr<Model>>> LoadModel(const std::string& name);

 private:
  absl::StatusOr<ConfigText> ReadConfig(const std::string& name) const;
  absl::StatusOr<ModelSettings> ReadSettings(const ConfigText& text, const std::string& name, int64_t newest) const;
  absl::StatusOr<std::shared_ptr<const std::string>> ReadModelFile(const std::string& name, int64_t version,
                                                                   const inference::ModelConfig& config) const;
  absl::StatusOr<std::shared_ptr<Model>> LoadVersion(ModelSettings settings, int64_t version);
  absl::Status Install(const LoadRequest& request, Model& model) const;

  const ServerConfig config_;
  const int pollers_;
  Loader* const loader_;
  const Clock* const clock_;
  const std::unique_ptr<Trial> trial_;
};

}  // namespace driftserve
