#include "server/execute/torchscript_graph.h"

#include <c10/core/InferenceMode.h>

#include "server/execute/batch_items.h"
#include "server/execute/forward_call.h"
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

class TorchScriptGraph : public Graph {
 public:
  TorchScriptGraph(std::shared_ptr<const GraphPlan> plan, const std::shared_ptr<torch::jit::Graph>& graph,
                   const c10::IValue& self)
      : plan_(plan), call_(std::move(plan), graph, self), model_(Concat("model `", plan_->request.model_name, "`")) {
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
      if (absl::Status status = FillCall(items); !status.ok()) return status;
      call_.Run();
      return ReadResult(items, outputs);
    });
    return plan_->request.device == DeviceKind::kGpu ? WithDeviceFault(status) : status;
  }

 private:
  absl::Status FillCall(absl::Span<const BatchItem> items) {
    const bool fresh = plan_->writes.state || plan_->writes.inputs;
    return call_.Fill(*items[0].inputs, [&](size_t input, torch::jit::Stack& stack) {
      if (inputs_[input] == nullptr) return PushTexts(items, input, stack);
      stack.emplace_back(inputs_[input]->Gather(items, input, fresh));
      return absl::OkStatus();
    });
  }

  absl::Status PushTexts(absl::Span<const BatchItem> items, size_t input, torch::jit::Stack& stack) {
    c10::List<std::string> texts;
    for (const BatchItem& item : items) {
      if (AppendTexts((*item.inputs)[input], texts)) continue;
      return absl::InvalidArgumentError(
          Concat("input `", plan_->request.inputs[input].name, "`: the lengths of its elements and its size disagree"));
    }
    stack.emplace_back(std::move(texts));
    return absl::OkStatus();
  }

  absl::Status ReadResult(absl::Span<const BatchItem> items, TensorList& outputs) {
    const int64_t rows = TotalRows(items);
    outputs.resize(outputs_.size());
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const c10::IValue* value = call_.ResultAt(i);
      if (value == nullptr) return outputs_[i].Fault("it is there", "fewer values");
      if (absl::Status status = outputs_[i].Take(*value, rows, outputs[i]); !status.ok()) return status;
    }
    // What the outputs do not hold is let go of now, not at the next run.
    call_.Clear();
    return absl::OkStatus();
  }

  const std::shared_ptr<const GraphPlan> plan_;
  ForwardCall call_;
  const std::string model_;                         // for messages
  std::vector<std::unique_ptr<InputSlot>> inputs_;  // null for texts
  std::vector<OutputSlot> outputs_;
};

class TorchScriptCall final : public DeviceCall {
 public:
  TorchScriptCall(std::shared_ptr<const GraphPlan> plan, const std::shared_ptr<torch::jit::Graph>& graph,
                  const c10::IValue& self)
      : call_(std::move(plan), graph, self) {}

  absl::Status Run(const TensorList& shapes, const std::vector<at::Tensor>& inputs) override {
    absl::Status status = call_.Fill(shapes, [&](size_t input, torch::jit::Stack& stack) {
      stack.emplace_back(inputs[input]);
      return absl::OkStatus();
    });
    if (status.ok()) call_.Run();
    return status;
  }

  const c10::IValue* ResultAt(size_t output) override { return call_.ResultAt(output); }
  void Clear() override { call_.Clear(); }

 private:
  ForwardCall call_;
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

bool RunsAsProgram(const GraphPlan& plan) {
  if (plan.request.device != DeviceKind::kGpu || plan.writes.state) return false;
  for (const auto* specs : {&plan.request.inputs, &plan.request.outputs}) {
    for (const TensorSpec& spec : *specs) {
      if (spec.type == DataType::kBytes) return false;
    }
  }
  return true;
}

std::unique_ptr<DeviceCall> MakeTorchScriptCall(std::shared_ptr<const GraphPlan> plan,
                                                const std::shared_ptr<torch::jit::Graph>& graph,
                                                const c10::IValue& self) {
  return std::make_unique<TorchScriptCall>(std::move(plan), graph, self);
}

}  // namespace driftserve
