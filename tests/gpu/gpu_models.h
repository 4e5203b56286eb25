#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/execute/executor.h"

namespace driftserve::gpu {

/// A model to check or measure: its archive, made here and now, and what config.pbtxt says of it.
struct CheckedModel {
  std::string name;
  std::string archive;
  std::vector<TensorSpec> inputs, outputs;
  int max_batch = 8;
  double tolerance = 1e-4;  // of a result against the CPU's, relative and absolute
};

/// Small ones, of every kind of result and number that a device has to bring back.
std::vector<CheckedModel> SmallModels();

/// A residual network as large as ResNet-50 (3, 4, 6 and 3 bottlenecks, 25.5 million weights), its normalisation folded
/// into the convolutions, with random weights from a fixed seed: image [N,3,224,224] → logits [N,1000], both FP16.
CheckedModel LargeNetwork(int max_batch);

/// The 8→64→64→1 network of the other benchmarks.
CheckedModel SmallNetwork(int max_batch);

LoadRequest Request(const CheckedModel& model, DeviceKind device, bool cuda_graphs);

/// Its folder in a model repository; `more` is appended to config.pbtxt.
void WriteModel(const std::string& repository, const CheckedModel& model, const std::string& name,
                const std::string& more);

}  // namespace driftserve::gpu
