#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "drift/batch/row_source.h"
#include "drift/tool/comparison_run.h"

namespace drift {

/// Whether the rows to judge are those of a topic: --current kafka://…
bool IsTopic(const ComparisonOptions& options);

/// Opens a stretch of a topic as the rows to judge. What its records do not hold is taken from the reference first, with
/// a warning: labels, and what monitor.yaml's record.fields drops or hashes.
absl::StatusOr<std::unique_ptr<RowSource>> OpenTopicCurrent(OpenedReference& reference,
                                                            const ComparisonOptions& options, const Console& console);

}  // namespace drift
