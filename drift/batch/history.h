#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "drift/batch/chunking.h"
#include "drift/batch/row_counter.h"
#include "drift/batch/table_source.h"
#include "drift/error_measure.h"

namespace drift {

/// The rows of one chunk of a history.
struct HistoryChunk {
  explicit HistoryChunk(std::shared_ptr<const Layout> layout) : counter(std::move(layout)) {}

  RowCounter counter;
  double error_sum = 0, error_weight = 0;  // Σ w · error and Σ w of the rows with a prediction and a label; w = 1/π
  uint64_t labelled_rows = 0;
};

struct History {
  std::map<int64_t, std::unique_ptr<HistoryChunk>> chunks;  // by where they begin
  DataSide data;                                            // with the hash of the values
  std::vector<std::string> warnings;
};

/// What to count. `error` set: the source's more() has the prediction, then the label.
struct HistoryOptions {
  static constexpr size_t kMostChunks = 5000;

  Chunking chunking;
  std::optional<ErrorMeasure> error;
  std::function<void(double done, uint64_t rows)> progress;  // may be empty
};

/// Reads the source, whose rows have times and may come in any order, and counts it chunk by chunk. INVALID_ARGUMENT
/// names the row where prediction and label cannot be compared; or says that there are too many chunks, or no rows.
absl::StatusOr<History> CountHistory(const std::shared_ptr<const Layout>& layout, TableSource& source,
                                     const HistoryOptions& options);

}  // namespace drift
