#pragma once

#include <ATen/Functions.h>
#include <c10/util/SmallVector.h>

#include "absl/types/span.h"
#include "server/execute/batch_items.h"
#include "server/execute/executor.h"
#include "server/execute/torch_types.h"

namespace driftserve {

/// One numeric input of a graph: memory that stays, seen through a tensor whose first dimension changes from run to
/// run, so that gathering a batch allocates nothing. Used by its graph's thread only.
class InputSlot {
 public:
  /// Inputs of one item that are at least this large, and aligned, are used where they lie; copying smaller ones is
  /// cheaper than making a tensor around the request's bytes.
  static constexpr size_t kUseInPlaceBytes = 16 << 10;

  InputSlot(const TensorSpec& spec, at::Device device)
      : scalar_type_(*ToScalarType(spec.type)), element_size_(ElementSize(spec.type)), device_(device) {}

  /// All items' parts of input number `input`, one after the other. `fresh`: the model may hold on to the tensor or
  /// write to it, so it gets one of its own.
  at::Tensor Gather(absl::Span<const BatchItem> items, size_t input, bool fresh) {
    const TensorView& first = (*items[0].inputs)[input];
    sizes_.assign(first.shape.begin(), first.shape.end());
    size_t bytes = first.byte_size;
    for (const BatchItem& item : items.subspan(1)) {
      const TensorView& view = (*item.inputs)[input];
      bytes += view.byte_size;
      sizes_[0] += view.shape[0];
    }
    const bool aligned = reinterpret_cast<uintptr_t>(first.bytes) % element_size_ == 0;
    at::Tensor tensor;
    if (items.size() == 1 && bytes >= kUseInPlaceBytes && aligned && !fresh) {
      tensor = at::from_blob(const_cast<char*>(first.bytes), sizes_, at::TensorOptions(scalar_type_));
    } else {
      tensor = Room(bytes, fresh);
      CopyItems(items, input, static_cast<char*>(tensor.mutable_data_ptr()));
    }
    return device_.is_cpu() ? tensor : tensor.to(device_);
  }

 private:
  const at::Tensor& Room(size_t bytes, bool fresh) {
    if (fresh || !tensor_.defined() || bytes > capacity_) {
      tensor_ = at::empty(sizes_, at::TensorOptions(scalar_type_));
      capacity_ = bytes;
    } else {
      tensor_.unsafeGetTensorImpl()->set_sizes_contiguous(sizes_);
    }
    return tensor_;
  }

  const c10::ScalarType scalar_type_;
  const size_t element_size_;
  const at::Device device_;
  c10::SmallVector<int64_t, 5> sizes_;
  at::Tensor tensor_;
  size_t capacity_ = 0;
};

}  // namespace driftserve
