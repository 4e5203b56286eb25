#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/execute/async_graph.h"
#include "server/execute/device_program.h"

namespace driftserve {

/// Keeps a device busy: while one batch runs, the next is gathered and on its way there.
///
/// A batch's inputs are gathered into page-locked slabs, one copy a byte, and each goes to the device in one piece;
/// outputs come back the same way. Slabs belong to a slot and are used again by every batch in it. One stays as large
/// as the largest batch of the configured shapes needs, or kKeptSlabBytes where dimensions are free; what a larger
/// batch needed goes with the next one.
///
/// Thread safety: as of Graph.
class DevicePipeline final : public AsyncGraph {
 public:
  static constexpr size_t kDepth = 2;
  static constexpr size_t kKeptSlabBytes = size_t{64} << 20;

  DevicePipeline(const LoadRequest& request, std::unique_ptr<DeviceProgram> program);
  ~DevicePipeline() override;

  absl::Status Run(absl::Span<const BatchItem> items, TensorList& outputs) override;
  size_t depth() const override { return kDepth; }
  size_t under_way() const override { return under_way_; }
  absl::Status Submit(absl::Span<const BatchItem> items) override;
  bool Ready() override { return program_->Done(oldest_); }
  absl::Status Finish(TensorList& outputs) override;
  absl::Status Record(absl::Span<const BatchItem> items) override;
  const DeviceStatistics& statistics() const override { return statistics_; }

 private:
  /// Slabs of one direction, by tensor.
  struct Slabs {
    std::vector<std::unique_ptr<PinnedSlab>> owned;
    std::vector<PinnedSlab*> used;  // by the batch of now
  };
  struct Slot {
    Slabs in, out;
    TensorList inputs, outputs;  // as they lie in the slabs
  };

  static std::vector<size_t> KeptBytes(const std::vector<TensorSpec>& specs, int64_t rows);
  absl::Status Start(size_t slot, absl::Span<const BatchItem> items);
  /// Says in slot.inputs what the batch will be, before it is gathered.
  void Describe(Slot& slot, absl::Span<const BatchItem> items, int64_t rows) const;
  /// Gathers the batch into the slot's slabs and fills it up with zeros to `rows_to_run`.
  absl::Status Gather(Slot& slot, absl::Span<const BatchItem> items, int64_t rows, int64_t rows_to_run);
  absl::Status Return(size_t slot, int64_t rows, int64_t rows_run);
  absl::Status RecordIn(size_t slot, absl::Span<const BatchItem> items);
  /// A slab with room for `bytes` in place `index`.
  absl::Status Room(Slabs& slabs, size_t index, size_t bytes, size_t kept);

  const std::string model_;  // for messages
  const bool batches_;
  const std::vector<size_t> kept_in_, kept_out_;
  const std::unique_ptr<DeviceProgram> program_;
  std::vector<Slot> slots_;
  size_t oldest_ = 0;  // slot
  size_t under_way_ = 0;
  DeviceStatistics statistics_;
};

}  // namespace driftserve
