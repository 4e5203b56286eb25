#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/execute/executor.h"
#include "server/repository/model.h"

namespace driftserve {

/// One request's worth of rows to warm a model with: zeros, empty texts, or random values from a fixed seed where
/// model_warmup says so. Keeps the bytes that its inputs() view.
class WarmInputs {
 public:
  WarmInputs(const ModelSettings& settings, int64_t rows);
  WarmInputs(const WarmInputs&) = delete;
  WarmInputs& operator=(const WarmInputs&) = delete;

  BatchItem item() const { return {&inputs_, rows_}; }

 private:
  const int64_t rows_;
  std::vector<std::string> bytes_;
  TensorList inputs_;
};

/// One run to warm with. The error is the run's, with the bucket and the remedy.
absl::Status WarmOnce(Graph& graph, const BatchItem& item);

/// Calls `run`, which runs one batch, for each bucket as often as warming takes: three times, or as model_warmup says.
/// Not at all for a module that writes to its own state, which must start as it was saved. Stops at the first failure.
absl::Status Warm(const ModelSettings& settings, const std::function<absl::Status(const BatchItem&)>& run);

/// Warms one graph: allocators, caches and threads are then as they will be when serving, and where the configuration
/// wants it a run of each bucket is recorded. The thread that will run the graph calls this before the model reports
/// ready.
absl::Status WarmGraph(Graph& graph, const ModelSettings& settings);

/// Median of five runs per bucket, in nanoseconds, after warming. `graph` is one to throw away where the module
/// writes to its own state.
absl::StatusOr<std::vector<int64_t>> TimeGraph(Graph& graph, const ModelSettings& settings, const Clock& clock);

}  // namespace driftserve
