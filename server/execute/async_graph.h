#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "server/execute/executor.h"

namespace driftserve {

/// What a graph on a device counts of itself.
struct DeviceStatistics {
  uint64_t pinned_bytes = 0;     // page-locked host memory that it holds now
  uint64_t slabs = 0;            // pieces of it that were ever allocated: a served model has reached its number
  uint64_t eager_batches = 0;    // whose kernels were launched one by one
  uint64_t replayed_batches = 0;
  uint64_t failed_recordings = 0;  // buckets that could not be recorded, and run eagerly
  std::string recording_fault;     // of the first of them
};

/// A graph on a device that works while the host does something else: up to depth() batches are under way, and end in
/// the order in which they were submitted. Run does the whole with one batch; REQUIRES that none is under way.
///
/// Thread safety: as of Graph. Lifetime: the destructor waits for what is under way.
class AsyncGraph : public Graph {
 public:
  AsyncGraph* async() final { return this; }

  virtual size_t depth() const = 0;
  virtual size_t under_way() const = 0;

  /// Starts a batch and returns while it runs; items and their bytes are not looked at afterwards. Errors as of Run;
  /// nothing of the batch is then under way. REQUIRES: under_way() < depth().
  virtual absl::Status Submit(absl::Span<const BatchItem> items) = 0;

  /// True when Finish would not wait. REQUIRES: under_way() > 0.
  virtual bool Ready() = 0;

  /// Waits for the oldest batch under way and ends it, with errors and outputs as of Run; the outputs' bytes live until
  /// the next Submit, Finish or Run. REQUIRES: under_way() > 0.
  virtual absl::Status Finish(TensorList& outputs) = 0;

  /// Records how the batch runs, so that batches of these shapes, and of fewer rows, are replayed. An error leaves such
  /// batches to be run eagerly, and is counted. REQUIRES: none under way, and the batch was run before.
  virtual absl::Status Record(absl::Span<const BatchItem> items) = 0;

  virtual const DeviceStatistics& statistics() const = 0;
};

}  // namespace driftserve
