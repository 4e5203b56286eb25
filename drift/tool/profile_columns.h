#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/builder.h"
#include "drift/profile/monitor_settings.h"
#include "drift/profile/tensor_types.h"
#include "drift/table/feature_columns.h"
#include "drift/table/table_reader.h"

namespace drift {

/// One feature, prediction or label: what is read from the file, and what it becomes.
struct ProfileColumn {
  FeatureColumn source;
  std::string name;
  Role role = Role::kFeature;
  std::optional<Dtype> dtype;  // of the values; unset where no config.pbtxt tells the tensor's
  std::optional<Kind> kind;
  std::string reduction;  // FeatureReference::reduction
};

/// The columns of monitor.yaml: features, predictions, the label. INVALID_ARGUMENT lists every one that cannot be: a
/// tensor that the model lacks, a column beyond its width, numeric texts, a reduction of what is not wide.
absl::StatusOr<std::vector<ProfileColumn>> PlanColumns(const MonitorSettings& monitor,
                                                       const std::optional<ModelTensors>& tensors);

/// The types still unknown, from what the file stores or, for CSV, from the first rows. Adds a warning that says so.
std::vector<ColumnSpec> DecideTypes(const std::vector<ProfileColumn>& columns, const TableReader& reader,
                                    const TableBatch& first, std::vector<std::string>& warnings);

}  // namespace drift
