#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/builder.h"
#include "drift/profile/monitor_settings.h"
#include "drift/profile/tensor_types.h"
#include "drift/reference.h"

namespace drift {

/// Where a command gets its reference from: one of `file` and `data`.
struct ReferenceOptions {
  std::string file;               // reference.pb
  std::vector<std::string> data;  // files of rows
  std::string monitor;            // monitor.yaml; empty: all columns, default thresholds
  std::string model_config;       // config.pbtxt; empty: beside monitor.yaml, where it is there
  bool features_only = false;     // leave predictions and labels out
  std::vector<std::string> not_features;  // columns that stand beside the features: time, stratum, …
  std::string stratum_column;     // `data`: each of its values gets counts of its own
  bool unequal_weights = false;   // of the rows it will be compared with
};

struct OpenedReference {
  std::shared_ptr<const Reference> reference;
  std::shared_ptr<const SortedSamples> samples;  // BuiltProfile::samples
  MonitorSettings monitor;   // defaults without a monitor.yaml
  std::string monitor_file;  // empty: none
  std::string source;        // for the report
  std::vector<std::string> warnings;
};

/// Reads, or builds, the reference. From rows it is built for one comparison (ProfileInputs), so that KS is exact.
/// INVALID_ARGUMENT, NOT_FOUND or FAILED_PRECONDITION name file, column and row, key or feature; among them: neither or
/// both of file and data, a reference that does not fit monitor.yaml, or is of another model.
absl::StatusOr<OpenedReference> OpenReference(const ReferenceOptions& options,
                                              std::function<void(double, uint64_t)> progress);

/// config.pbtxt as named, or beside monitor.yaml; nothing where neither is there.
absl::StatusOr<std::optional<ModelTensors>> TensorsBeside(const std::string& monitor, const std::string& model_config);

}  // namespace drift
