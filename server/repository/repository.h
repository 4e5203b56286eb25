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
#include "server/repository/model_control.h"
#include "server/repository/model_files.h"
#include "server/repository/trial.h"

namespace driftserve {

/// Model folders on disk → installed models. Loading is two steps: `trial` proves on bytes read once that the model
/// loads and runs, `install` makes graphs for every serving thread out of the very same bytes, warms each bucket and
/// measures it.
///
/// Thread safety: LoadModel and RestTrial by one caller at a time, the rest by anyone. Errors name the file (and line
/// and column of config.pbtxt), what was expected and what to change; all faults of one model are listed.
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

  /// The models that may be served and are there now, sorted. NOT_FOUND where the repository is not.
  absl::StatusOr<std::vector<std::string>> FindModels() const;
  bool Has(const std::string& name) const;
  /// A number that changes when the files of a model do.
  uint64_t Trace(const std::string& name) const;

  /// Every version of `name` that its version policy names, loaded; ready to serve once the threads that run it have
  /// warmed it. Those of `served` that are the same in content are returned as they are.
  absl::StatusOr<std::vector<std::shared_ptr<Model>>> LoadModel(const std::string& name,
                                                                const LoadOverrides& overrides = {},
                                                                const std::vector<std::shared_ptr<Model>>& served = {});

  /// As Trial's.
  void RestTrial() { trial_->Rest(); }
  void CancelTrial() { trial_->Cancel(); }

 private:
  /// What one version is made from.
  struct VersionContent {
    FileContent model, monitor, reference;  // the last two null where there is none
    uint64_t hash = 0;                      // of these and the configuration
  };

  absl::StatusOr<ConfigText> ReadConfig(const ModelFiles& files, const LoadOverrides& overrides) const;
  /// Names a package where config.pbtxt names no file and there is no archive.
  static void NameModelFile(const ModelFiles& files, int64_t newest, inference::ModelConfig& config);
  absl::StatusOr<ModelSettings> ReadSettings(const ModelFiles& files, const ConfigText& text, const std::string& name,
                                             int64_t newest) const;
  absl::StatusOr<FileContent> ReadModelFile(const ModelFiles& files, int64_t version,
                                            const inference::ModelConfig& config) const;
  absl::StatusOr<VersionContent> ReadVersion(const ModelFiles& files, const ModelSettings& settings,
                                             int64_t version) const;
  /// How many threads run a model at a time, on a GPU on that one.
  int RunnersOf(const ModelSettings& settings, int gpu) const;
  absl::StatusOr<std::shared_ptr<Model>> LoadVersion(const ModelFiles& files, ModelSettings settings, int64_t version,
                                                     const VersionContent& content);
  absl::Status Install(const LoadRequest& request, Model& model) const;
  /// One executable per GPU, the first of them there already, and a graph per instance.
  absl::Status InstallOnGpus(LoadRequest request, Model& model) const;
  absl::Status WatchVersion(const ModelFiles& files, const VersionContent& content, size_t threads, Model& model) const;

  const ServerConfig config_;
  const int pollers_;
  Loader* const loader_;
  const Clock* const clock_;
  const std::unique_ptr<Trial> trial_;
};

}  // namespace driftserve
