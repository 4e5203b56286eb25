#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/batch/history.h"
#include "drift/tool/console.h"
#include "drift/tool/reference_data.h"

namespace drift {

/// What `drift backtest` and `drift calibrate` have in common: a history and how it is cut.
struct HistoryRunOptions {
  ReferenceOptions reference;     // neither file nor data: the whole history
  std::vector<std::string> data;  // paths or patterns
  std::string time_column, chunk;
  std::string probability_column, weight_column;
  std::string label_column, prediction_column, error;  // all or none; error empty: as monitor.yaml says
  bool quiet = false;
};

struct CountedHistory {
  OpenedReference reference;
  Chunking chunking;
  std::optional<ErrorMeasure> error;
  History history;
};

/// Reads reference and history, with a bar of progress. Errors name the flag, or file, column and row.
absl::StatusOr<std::unique_ptr<CountedHistory>> ReadHistory(HistoryRunOptions options, const Console& console);

}  // namespace drift
