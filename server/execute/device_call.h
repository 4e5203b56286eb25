#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ATen/core/ivalue.h>

#include "absl/status/status.h"
#include "server/base/tensor.h"

namespace driftserve {

/// How one thread runs a model on tensors that are where it runs: what a TorchProgram knows of it.
///
/// Thread safety: none.
class DeviceCall {
 public:
  virtual ~DeviceCall() = default;

  /// A batch of fewer rows is filled up to so many.
  virtual int64_t LeastRows() const { return 1; }

  /// Runs the model, on a device by queueing it on the current stream. `shapes` and `inputs` are in the order of the
  /// model's inputs; a tensor is undefined where its shape says that it is absent. Throws as torch does.
  virtual absl::Status Run(const TensorList& shapes, const std::vector<at::Tensor>& inputs) = 0;

  /// What Run returned for an output; null where the result has no such value. Valid until the next call of anything.
  virtual const c10::IValue* ResultAt(size_t output) = 0;

  /// Lets go of what Run returned, which else happens at the next run.
  virtual void Clear() = 0;
};

}  // namespace driftserve
