#pragma once

#include <functional>
#include <memory>

#include <ATen/core/ivalue.h>
#include <c10/core/Device.h>

#include "server/execute/device_program.h"
#include "server/execute/run_recorder.h"
#include "server/execute/torchscript_graph.h"

namespace driftserve {

using NewRecorder = std::function<absl::StatusOr<std::unique_ptr<RunRecorder>>()>;

/// True for a module on a GPU that can have two batches under way: one of numbers only, and without a state of its own.
bool RunsAsProgram(const GraphPlan& plan);

/// The module as a program on `device`, by streams and events of whatever kind the device has; nothing here names CUDA.
/// `new_recorder` is asked once per slot, when a run is to be recorded.
std::unique_ptr<DeviceProgram> MakeTorchScriptProgram(std::shared_ptr<const GraphPlan> plan,
                                                      const std::shared_ptr<torch::jit::Graph>& graph,
                                                      const c10::IValue& self, c10::Device device,
                                                      NewRecorder new_recorder);

}  // namespace driftserve
