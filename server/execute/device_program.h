#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/base/tensor.h"

namespace driftserve {

/// Page-locked host memory, which a device reads and writes by itself.
class PinnedSlab {
 public:
  virtual ~PinnedSlab() = default;
  virtual char* data() = 0;
  virtual size_t size() const = 0;
};

/// One slab per tensor, null for absent ones.
using SlabSpan = absl::Span<PinnedSlab* const>;

/// A model on one device, with three queues of its own: copies in, runs, copies out. A batch passes through them in a
/// slot, which keeps what the device holds of it. Nothing here waits but Wait and Drain.
///
/// Errors: RESOURCE_EXHAUSTED when memory ran out, DeviceFault() when the device failed for good, else INTERNAL.
/// Thread safety: none. Lifetime: slabs may outlive it.
class DeviceProgram {
 public:
  virtual ~DeviceProgram() = default;

  virtual absl::StatusOr<std::unique_ptr<PinnedSlab>> NewSlab(size_t bytes) = 0;

  /// The rows that a batch of `inputs` is to be filled up to: as many as it has, or those of the slot's recorded run
  /// that takes its place.
  virtual int64_t RowsToRun(size_t slot, const TensorList& inputs, int64_t rows) const = 0;

  /// Queues the inputs' way to the device. Their bytes lie in the slabs and must stay until Wait. REQUIRES: nothing of
  /// the slot is queued.
  virtual absl::Status CopyIn(size_t slot, const TensorList& inputs, SlabSpan slabs) = 0;

  /// Queues the run, behind the slot's CopyIn. `outputs` are then as they will be, over `rows` rows, but without bytes.
  /// True where a recorded run was replayed.
  virtual absl::StatusOr<bool> Compute(size_t slot, int64_t rows, TensorList& outputs) = 0;

  /// As Compute, and records it for the slot's inputs of now.
  virtual absl::Status Record(size_t slot, int64_t rows) = 0;

  /// Queues the way back of the first bytes of each output, as many as `outputs` says, behind the slot's Compute.
  virtual absl::Status CopyOut(size_t slot, const TensorList& outputs, SlabSpan slabs) = 0;

  /// True when Wait would not wait. REQUIRES: CopyOut was queued.
  virtual bool Done(size_t slot) = 0;

  /// Waits until all of the slot's is done, and lets go of it. REQUIRES: CopyOut was queued.
  virtual absl::Status Wait(size_t slot) = 0;

  /// Waits for whatever is queued, in all slots, and lets go of this one's.
  virtual absl::Status Drain(size_t slot) = 0;
};

}  // namespace driftserve
