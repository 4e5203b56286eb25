#include "server/execute/device_pipeline.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "server/base/device_fault.h"
#include "server/execute/batch_items.h"

namespace driftserve {

DevicePipeline::DevicePipeline(const LoadRequest& request, std::unique_ptr<DeviceProgram> program)
    : model_(Concat("model `", request.model_name, "`")),
      batches_(request.batches),
      kept_in_(KeptBytes(request.inputs, request.batches ? request.max_rows : 1)),
      kept_out_(KeptBytes(request.outputs, request.batches ? request.max_rows : 1)),
      program_(std::move(program)),
      slots_(kDepth) {
  for (Slot& slot : slots_) {
    slot.in.owned.resize(request.inputs.size());
    slot.out.owned.resize(request.outputs.size());
  }
}

DevicePipeline::~DevicePipeline() {
  // The device must not write into slabs that are gone.
  for (size_t slot = 0; slot < slots_.size(); ++slot) program_->Drain(slot).IgnoreError();
}

std::vector<size_t> DevicePipeline::KeptBytes(const std::vector<TensorSpec>& specs, int64_t rows) {
  std::vector<size_t> kept;
  for (const TensorSpec& spec : specs) {
    size_t bytes = ElementSize(spec.type) * static_cast<size_t>(rows);
    for (const int64_t dim : spec.dims) bytes *= static_cast<size_t>(std::max<int64_t>(dim, 0));
    kept.push_back(std::max(bytes, kKeptSlabBytes));
  }
  return kept;
}

absl::Status DevicePipeline::Run(absl::Span<const BatchItem> items, TensorList& outputs) {
  if (absl::Status status = Submit(items); !status.ok()) return status;
  return Finish(outputs);
}

absl::Status DevicePipeline::Submit(absl::Span<const BatchItem> items) {
  if (absl::Status status = CheckItems(items, batches_, model_); !status.ok()) return status;
  const size_t slot = (oldest_ + under_way_) % slots_.size();
  absl::Status status = Start(slot, items);
  if (status.ok()) {
    ++under_way_;
    return status;
  }
  // What was queued of it ends before the slot is used again.
  const absl::Status drained = program_->Drain(slot);
  return IsDeviceFault(drained) ? drained : status;
}

absl::Status DevicePipeline::Finish(TensorList& outputs) {
  const size_t slot = std::exchange(oldest_, (oldest_ + 1) % slots_.size());
  --under_way_;
  absl::Status status = program_->Wait(slot);
  if (status.ok()) outputs = slots_[slot].outputs;
  return status;
}

absl::Status DevicePipeline::Start(size_t index, absl::Span<const BatchItem> items) {
  Slot& slot = slots_[index];
  const int64_t rows = TotalRows(items);
  Describe(slot, items, rows);
  const int64_t rows_to_run = batches_ ? program_->RowsToRun(index, slot.inputs, rows) : rows;
  if (absl::Status status = Gather(slot, items, rows, rows_to_run); !status.ok()) return status;
  if (absl::Status status = program_->CopyIn(index, slot.inputs, slot.in.used); !status.ok()) return status;
  const absl::StatusOr<bool> replayed = program_->Compute(index, rows_to_run, slot.outputs);
  if (!replayed.ok()) return replayed.status();
  ++(*replayed ? statistics_.replayed_batches : statistics_.eager_batches);
  return Return(index, rows, rows_to_run);
}

void DevicePipeline::Describe(Slot& slot, absl::Span<const BatchItem> items, int64_t rows) const {
  slot.inputs = *items[0].inputs;
  if (!batches_) return;
  for (TensorView& view : slot.inputs) {
    if (!view.absent()) view.shape[0] = rows;
  }
}

absl::Status DevicePipeline::Gather(Slot& slot, absl::Span<const BatchItem> items, int64_t rows,
                                    int64_t rows_to_run) {
  slot.in.used.assign(slot.inputs.size(), nullptr);
  for (size_t i = 0; i < slot.inputs.size(); ++i) {
    TensorView& view = slot.inputs[i];
    if (view.absent()) continue;
    size_t bytes = 0;
    for (const BatchItem& item : items) bytes += (*item.inputs)[i].byte_size;
    // Rows to fill up with are zeros: an index of zero exists, and nobody sees what comes of it.
    const size_t filled = batches_ ? bytes / static_cast<size_t>(rows) * static_cast<size_t>(rows_to_run) : bytes;
    if (absl::Status status = Room(slot.in, i, filled, kept_in_[i]); !status.ok()) return status;
    char* const end = CopyItems(items, i, slot.in.used[i]->data());
    std::memset(end, 0, filled - bytes);
    if (batches_) view.shape[0] = rows_to_run;
    view.bytes = slot.in.used[i]->data();
    view.byte_size = filled;
  }
  return absl::OkStatus();
}

absl::Status DevicePipeline::Return(size_t index, int64_t rows, int64_t rows_run) {
  Slot& slot = slots_[index];
  slot.out.used.assign(slot.outputs.size(), nullptr);
  for (size_t i = 0; i < slot.outputs.size(); ++i) {
    TensorView& view = slot.outputs[i];
    if (view.absent()) continue;
    if (rows_run != rows) {
      view.shape[0] = rows;
      view.byte_size = view.byte_size / static_cast<size_t>(rows_run) * static_cast<size_t>(rows);
    }
    if (absl::Status status = Room(slot.out, i, view.byte_size, kept_out_[i]); !status.ok()) return status;
    view.bytes = slot.out.used[i]->data();
  }
  return program_->CopyOut(index, slot.outputs, slot.out.used);
}

absl::Status DevicePipeline::Room(Slabs& slabs, size_t index, size_t bytes, size_t kept) {
  std::unique_ptr<PinnedSlab>& slab = slabs.owned[index];
  if (slab == nullptr || slab->size() < bytes || (slab->size() > kept && bytes <= kept)) {
    if (slab != nullptr) statistics_.pinned_bytes -= slab->size();
    slab = nullptr;  // before its successor is there, not after: page-locked memory is scarce
    const size_t rounded = std::min(std::bit_ceil(std::max<size_t>(bytes, 64)), std::max(bytes, kept));
    absl::StatusOr<std::unique_ptr<PinnedSlab>> fresh = program_->NewSlab(rounded);
    if (!fresh.ok()) return fresh.status();
    slab = *std::move(fresh);
    statistics_.pinned_bytes += slab->size();
    ++statistics_.slabs;
  }
  slabs.used[index] = slab.get();
  return absl::OkStatus();
}

absl::Status DevicePipeline::Record(absl::Span<const BatchItem> items) {
  absl::Status status = CheckItems(items, batches_, model_);
  for (size_t slot = 0; slot < slots_.size() && status.ok(); ++slot) status = RecordIn(slot, items);
  if (!status.ok() && statistics_.failed_recordings++ == 0) statistics_.recording_fault = std::string(status.message());
  return status;
}

absl::Status DevicePipeline::RecordIn(size_t index, absl::Span<const BatchItem> items) {
  Slot& slot = slots_[index];
  const int64_t rows = TotalRows(items);
  Describe(slot, items, rows);
  absl::Status status = Gather(slot, items, rows, rows);
  if (status.ok()) status = program_->CopyIn(index, slot.inputs, slot.in.used);
  if (status.ok()) status = program_->Record(index, rows);
  const absl::Status drained = program_->Drain(index);
  return status.ok() || IsDeviceFault(drained) ? drained : status;
}

}  // namespace driftserve
