#pragma once

#include <memory>
#include <utility>

#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/interpreter.h>

#include "server/execute/torchscript_graph.h"

namespace driftserve {

/// One thread's way of calling a module's forward(). The interpreter is driven directly, without torch's graph
/// executor: that one would profile the first runs, compile anew for batch sizes it had not seen, and take a lock in
/// every run. Throws as torch does.
class ForwardCall {
 public:
  ForwardCall(std::shared_ptr<const GraphPlan> plan, const std::shared_ptr<torch::jit::Graph>& graph,
              const c10::IValue& self)
      : plan_(std::move(plan)), code_(graph, "forward"), self_(self) {}

  /// Sets the arguments. `push(input, stack)` appends that input, one of those that `inputs` has, and returns a Status;
  /// what is absent becomes its argument's default.
  template <typename Push>
  absl::Status Fill(const TensorList& inputs, Push&& push) {
    stack_.clear();
    stack_.push_back(self_);
    for (size_t argument = 0; argument < plan_->sources.size(); ++argument) {
      const int input = plan_->sources[argument];
      if (input < 0 || inputs[input].absent()) {
        stack_.push_back(plan_->defaults[argument]);
      } else if (absl::Status status = push(static_cast<size_t>(input), stack_); !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

  void Run() { torch::jit::InterpreterState(code_).run(stack_); }

  /// What Run returned for an output; null where the result has no such value. Valid until the next call of anything.
  const c10::IValue* ResultAt(size_t output) {
    const c10::IValue& result = stack_.back();
    const size_t place = static_cast<size_t>(plan_->places[output]);
    if (plan_->result.kind == ForwardResult::Kind::kSingle) return &result;
    if (result.isTuple()) return &result.toTupleRef().elements()[place];
    if (plan_->result.kind == ForwardResult::Kind::kSequence) {
      return place < result.toListRef().size() ? &result.toListRef()[place] : nullptr;
    }
    const auto dictionary = result.toGenericDict();
    const auto entry = dictionary.find(plan_->request.outputs[output].name);
    if (entry == dictionary.end()) return nullptr;
    found_ = entry->value();
    return &found_;
  }

  /// Lets go of what Run returned, which else happens at the next run.
  void Clear() {
    found_ = c10::IValue();
    stack_.clear();
  }

 private:
  const std::shared_ptr<const GraphPlan> plan_;
  const torch::jit::Code code_;
  const c10::IValue self_;
  torch::jit::Stack stack_;
  c10::IValue found_;  // a dictionary's value, while it is read
};

}  // namespace driftserve
