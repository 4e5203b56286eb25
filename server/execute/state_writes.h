#pragma once

#include <memory>

namespace torch::jit {
struct Graph;
}

namespace driftserve {

/// What a module's graph writes to besides values that it made itself.
struct GraphWrites {
  bool state = false;   // attributes, parameters, buffers
  bool inputs = false;  // the tensors it was given
};

/// Scans `graph` (forward(), all calls inlined, self as first input): prim::SetAttr is a write to the state, and an
/// operator whose schema marks an argument as written is a write to whatever that argument comes from, followed
/// back through views. What cannot be followed (loop variables, containers) counts as both.
GraphWrites FindWrites(const torch::jit::Graph& graph);

}  // namespace driftserve
