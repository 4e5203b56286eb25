#pragma once

#include <string>

#include "absl/status/status.h"
#include "server/config/server_config.h"
#include "server/repository/model.h"
#include "server/repository/model_files.h"

namespace driftserve {

/// The parts of a model's watching.
struct WatchSources {
  std::string monitor_file;    // <model>/monitor.yaml, for messages
  std::string reference_file;  // <model>/<version>/reference.pb, for messages
  FileContent monitor;         // null: there is none
  FileContent reference;
  const ServerConfig::MonitorOverride* overrides = nullptr;  // null: none
};

/// Fills `model`'s columns, monitor, reference and watched from its monitor.yaml and reference.pb; leaves it unwatched
/// where there is no monitor.yaml. `model.settings`, `version` and `version_text` are set; `threads` is how many
/// threads will count rows. INVALID_ARGUMENT lists every fault: columns that the configuration's tensors do not have,
/// a reference that is missing, is not for this monitor.yaml, or is of another data type than is served.
absl::Status Watch(const WatchSources& sources, size_t threads, Model& model);

}  // namespace driftserve
