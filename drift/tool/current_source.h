#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "drift/batch/row_source.h"
#include "drift/batch/table_source.h"
#include "drift/tool/comparison_run.h"

namespace drift {

/// Opens the rows to judge. What they cannot have is taken from the reference first, with a warning: a label that is not
/// in the files. Errors name file and column.
absl::StatusOr<std::unique_ptr<RowSource>> OpenCurrent(OpenedReference& reference, const ComparisonOptions& options,
                                                       const Console& console);

/// The same of files alone, for those who need more of their columns.
absl::StatusOr<std::unique_ptr<TableSource>> OpenTable(OpenedReference& reference, const std::string& model_config,
                                                       TableSourceOptions options);

}  // namespace drift
