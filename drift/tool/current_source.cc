#include "drift/tool/current_source.h"

#include <algorithm>

#include "drift/profile/text.h"
#include "drift/tool/profile_columns.h"
#include "drift/tool/topic_current.h"

namespace drift {
namespace {

/// Labels come later than their rows, so files without them are usual.
absl::Status LeaveOutMissingLabels(const std::vector<std::string>& files, OpenedReference& opened) {
  const auto& features = opened.reference->features;
  if (features.empty() || features.back().role != Role::kLabel) return absl::OkStatus();
  const auto columns = TableReader::Columns(files);
  if (!columns.ok()) return columns.status();
  std::vector<std::string> missing;
  for (const FeatureReference& feature : features) {
    const bool there = std::any_of(columns->begin(), columns->end(),
                                   [&feature](const StoredColumn& column) { return column.name == feature.name; });
    if (feature.role == Role::kLabel && !there) missing.push_back(feature.name);
  }
  if (missing.empty()) return absl::OkStatus();
  opened.warnings.push_back(Concat("not compared, as the rows do not have the label: ", JoinNames(missing)));
  opened.reference = std::make_shared<const Reference>(PartOf(*opened.reference, [&](const FeatureReference& feature) {
    return std::find(missing.begin(), missing.end(), feature.name) == missing.end();
  }));
  return absl::OkStatus();
}

/// Where each feature of the reference is in a file, as monitor.yaml says: only needed for reductions of wide rows.
absl::StatusOr<std::vector<FeatureColumn>> PlannedColumns(const OpenedReference& opened,
                                                          const std::string& model_config) {
  std::vector<FeatureColumn> planned;
  if (!opened.monitor.has_reductions()) return planned;
  const auto tensors = TensorsBeside(opened.monitor_file, model_config);
  if (!tensors.ok()) return tensors.status();
  const auto columns = PlanColumns(opened.monitor, *tensors);
  if (!columns.ok()) return columns.status();
  for (const FeatureReference& feature : opened.reference->features) {
    for (const ProfileColumn& column : *columns) {
      if (column.name == feature.name) planned.push_back(column.source);
    }
  }
  return planned;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TableSource>> OpenTable(OpenedReference& reference, const std::string& model_config,
                                                       TableSourceOptions options) {
  if (const absl::Status status = LeaveOutMissingLabels(options.files, reference); !status.ok()) return status;
  auto columns = PlannedColumns(reference, model_config);
  if (!columns.ok()) return columns.status();
  options.features = *std::move(columns);
  return TableSource::Open(*reference.reference, std::move(options));
}

absl::StatusOr<std::unique_ptr<RowSource>> OpenCurrent(OpenedReference& reference, const ComparisonOptions& options,
                                                       const Console& console) {
  if (IsTopic(options)) return OpenTopicCurrent(reference, options, console);
  if (options.topic.any()) {
    return absl::InvalidArgumentError("--since, --to and --kafka-config are for --current kafka://…");
  }
  TableSourceOptions table;
  table.files = options.current;
  table.time_column = options.time_column;
  table.stratum_column = options.stratum_column;
  table.probability_column = options.probability_column;
  table.weight_column = options.weight_column;
  auto source = OpenTable(reference, options.reference.model_config, std::move(table));
  if (!source.ok()) return source.status();
  return std::unique_ptr<RowSource>(*std::move(source));
}

}  // namespace drift
