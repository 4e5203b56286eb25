#pragma once

#include <memory>
#include <vector>

#include <ATen/core/ivalue.h>

#include "server/execute/argument_binding.h"
#include "server/execute/device_call.h"
#include "server/execute/executor.h"
#include "server/execute/state_writes.h"

namespace driftserve {

/// What every graph of one loaded model shares. Constant.
struct GraphPlan {
  LoadRequest request;                // without its bytes
  std::vector<int> sources;           // per argument of forward(): the input that feeds it, or −1
  std::vector<c10::IValue> defaults;  // per argument: its default, or None
  ForwardResult result;
  std::vector<int> places;  // per output: its position in the result
  GraphWrites writes;       // a module that writes gets copies of its inputs
};

at::Device TorchDevice(const LoadRequest& request);

/// A graph that interprets `graph` with `self` as its first input.
std::unique_ptr<Graph> MakeTorchScriptGraph(std::shared_ptr<const GraphPlan> plan,
                                            const std::shared_ptr<torch::jit::Graph>& graph, const c10::IValue& self);

/// True for a module on a GPU that can have two batches under way: one of numbers only, and without a state of its own.
bool RunsAsProgram(const GraphPlan& plan);

/// The same graph, run on tensors of a device. REQUIRES: RunsAsProgram(*plan).
std::unique_ptr<DeviceCall> MakeTorchScriptCall(std::shared_ptr<const GraphPlan> plan,
                                                const std::shared_ptr<torch::jit::Graph>& graph,
                                                const c10::IValue& self);

}  // namespace driftserve
