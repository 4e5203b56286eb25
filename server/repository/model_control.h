#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/repository/model_files.h"

namespace driftserve {

/// The state of one version found in the repository, as RepositoryIndex reports it.
struct VersionState {
  std::string name;
  std::string version;  // empty where none was loaded yet
  std::string state;    // READY, UNAVAILABLE, LOADING, UNLOADING
  std::string reason;   // why it is not READY, or why the last load left it as it was
};

/// What a load takes in place of the repository's files.
struct LoadOverrides {
  std::string config;                        // a ModelConfig as JSON or text; empty: the model's own config.pbtxt
  std::map<std::string, FileContent> files;  // "1/model.pt" → content; empty: the repository's. Asks for config
};

/// How often models were loaded, by how it ended.
struct LoadCount {
  std::string model;    // empty for names that are no model of the repository
  std::string outcome;  // ok, unchanged, failed
  std::string reason;   // of a failure: not_found, invalid, failed_to_run, crashed, timed_out, out_of_memory, other
  uint64_t count = 0;
};

/// Loads and unloads models while the server serves. Thread-safe.
class ModelControl {
 public:
  /// Asked now and then by a call that waits: true once its caller does not wait any more.
  using Gone = std::function<bool()>;

  virtual ~ModelControl() = default;

  /// Makes `name` served as it is now in the repository, or as `overrides` say; waits for the result. What was served
  /// before goes on until then, and for ever when the load fails. FAILED_PRECONDITION where repository.control is not
  /// explicit; RESOURCE_EXHAUSTED when too many loads wait; CANCELLED when the caller went (a load under way goes on).
  virtual absl::Status Load(const std::string& name, LoadOverrides overrides, const Gone& gone) = 0;

  /// Requests accepted before are answered; from now on they are refused. NOT_FOUND for an unknown name.
  virtual absl::Status Unload(const std::string& name, const Gone& gone) = 0;

  /// Every version that is or was served, and every model of the repository that is not.
  virtual std::vector<VersionState> Index() const = 0;

  /// Whether Load and Unload are open to clients.
  virtual bool by_request() const = 0;
};

}  // namespace driftserve
