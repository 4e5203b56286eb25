#include "server/execute/torchscript_graph.h"

#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/interpreter.h>

#include "server/base/device_fault.h"
#include "server/execute/batch_items.h"
#include "server/execute/input_slot.h"
#include "server/execute/output_slot.h"
#include "server/execute/run_rules.h"

namespace driftserve {
namespace {

// Appends the elements of a BYTES tensor. False where its lengths and its bytes disagree.
bool AppendTexts(const TensorView& view, c10::List<std::string>& texts) {
  for (size_t at = 0; at < view.byte_size;) {
    uint32_t length;
    if (view.byte_size - at < sizeof(length)) return false;
    std::memcpy(&length, view.bytes + at, sizeof(length));
    at += sizeof(length);
    if (view.byte_size - at < length) return false;
    texts.push_back(std::string(view.bytes + at, length));
    at += length;
  }
  return true;
}

// The interpreter is driven directly, without torch's graph executor: that one would profile the first runs, compile
// anew for batch sizes it had not seen, and take a lock in every run.
class TorchScriptGraph : public Graph {
 public:
  TorchScriptGraph(std::shared_ptr<const GraphPlan> plan, const std::shared_ptr<torch::jit::Graph>& graph,
                   const c10::IValue& self)
      : plan_(std::move(plan)),
        code_(graph, "forward"),
        self_(self),
        model_(Concat("model `", plan_->request.model_name, "`")) {
    const LoadRequest& request = plan_->request;
    for (const TensorSpec& spec : request.inputs) {
      inputs_.push_back(spec.type == DataType::kBytes ? nullptr
                                                      : std::make_unique<InputSlot>(spec, TorchDevice(request)));
    }
    for (const TensorSpec& spec : request.outputs) outputs_.emplace_back(spec, request.batches, model_);
  }

  absl::Status Run(absl::Span<const BatchItem> items, TensorList& outputs) override {
    if (absl::Status status = CheckItems(items, plan_->request.batches, model_); !status.ok()) return status;
    const absl::Status status = CatchTorch(absl::StatusCode::kInternal, model_, [&] {
      UseIntraOpThreads(plan_->request.intra_op_threads);
      const c10::InferenceMode inference;
      if (absl::Status status = FillStack(items); !status.ok()) return status;
      torch::jit::InterpreterState(code_).run(stack_);
      return ReadResult(items, outputs);
    });
    const std::string message(status.message());
    return plan_->request.device == DeviceKind::kGpu && SaysDeviceFault(message) ? DeviceFault(message) : status;
  }

 private:
  absl::Status FillStack(absl::Span<const BatchItem> items) {
    stack_.clear();
    stack_.push_back(self_);
    const bool fresh = plan_->writes.state || plan_->writes.inputs;
    for (size_t argument = 0; argument < plan_->sources.size(); ++argument) {
      const int input = plan_->sources[argument];
      if (input < 0 || (*items[0].inputs)[input].absent()) {
        stack_.push_back(plan_->defaults[argument]);
      } else if (inputs_[input] != nullptr) {
        stack_.emplace_back(inputs_[input]->Gather(items, input, fresh));
      } else if (absl::Status status = PushTexts(items, input); !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

  absl::Status PushTexts(absl::Span<const BatchItem> items, int input) {
    c10::List<std::string> texts;
    for (const BatchItem& item : items) {
      if (AppendTexts((*item.inputs)[input], texts)) continue;
      return absl::InvalidArgumentError(
          Concat("input `", plan_->request.inputs[input].name, "`: the lengths of its elements and its size disagree"));
    }
    stack_.emplace_back(std::move(texts));
    return absl::OkStatus();
  }

  absl::Status ReadResult(absl::Span<const BatchItem> items, TensorList& outputs) {
    const int64_t rows = TotalRows(items);
    outputs.resize(outputs_.size());
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const c10::IValue* value = ResultAt(i);
      if (value == nullptr) return outputs_[i].Fault("it is there", "fewer values");
      if (absl::Status status = outputs_[i].Take(*value, rows, outputs[i]); !status.ok()) return status;
    }
    // What the outputs do not hold is let go of now, not at the next run.
    found_ = c10::IValue();
    stack_.clear();
    return absl::OkStatus();
  }

  // Null where the result has no such value.
  const c10::IValue* ResultAt(size_t output) {
    const c10::IValue& result = stack_.back();
    const size_t place = static_cast<size_t>(plan_->places[output]);
    if (plan_->result.kind == ForwardResult::Kind::kSingle) return &result;
    if (result.isTuple()) return &result.toTupleRef().elements()[place];
    if (plan_->result.kind == ForwardResult::Kind::kSequence) {
      return place < result.toListRef().size() ? &result.toListRef()[place] : nullptr;
    }
    const auto dictionary = result.toGenericDict();
    const auto entry = dictionary.find(outputs_[output].name());
    if (entry == dictionary.end()) return nullptr;
    found_ = entry->value();
    return &found_;
  }

  const std::shared_ptr<const GraphPlan> plan_;
  const torch::jit::Code code_;
  const c10::IValue self_;
  const std::string model_;                         // for messages
  std::vector<std::unique_ptr<InputSlot>> inputs_;  // null for texts
  std::vector<OutputSlot> outputs_;
  torch::jit::Stack stack_;
  c10::IValue found_;  // a dictionary's value, while it is read
};

}  // namespace

at::Device TorchDevice(const LoadRequest& request) {
  if (request.device == DeviceKind::kCpu) return at::Device(at::kCPU);
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(request.device_index));
}

std::unique_ptr<Graph> MakeTorchScriptGraph(std::shared_ptr<const GraphPlan> plan,
                                            const std::shared_ptr<torch::jit::Graph>& graph, const c10::IValue& self) {
  return std::make_unique<TorchScriptGraph>(std::move(plan), graph, self);
}

}  // namespace driftserve
