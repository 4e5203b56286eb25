#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <torch/csrc/inductor/aoti_runner/model_container_runner.h>

#include "server/base/text.h"
#include "server/execute/device_call.h"
#include "server/execute/executor.h"
#include "server/execute/package_archive.h"

namespace driftserve {

/// What every graph of one loaded package shares. Constant.
struct PackagePlan {
  LoadRequest request;       // without its bytes
  std::vector<int> sources;  // per argument: the input that feeds it
  std::vector<int> places;   // per output: its position in the result
  bool checks_inputs = false;
  std::function<int64_t()> memory_faults;  // how often its GPU's memory ran out; none on CPU
  std::optional<TemporaryFolder> kernels;  // a GPU's, which are read when they run first
  // With it goes the package's code, so graphs keep the plan until their own end.
  std::unique_ptr<torch::inductor::AOTIModelContainerRunner> runner;
};

/// One thread's way of calling a package's code.
class PackageCall final : public DeviceCall {
 public:
  explicit PackageCall(std::shared_ptr<const PackagePlan> plan)
      : plan_(std::move(plan)), memory_faults_(MemoryFaults()) {}

  /// Export takes a batch's size to be two or more, and the checks hold single rows to it; the code does not mind.
  int64_t LeastRows() const override { return plan_->checks_inputs && plan_->request.batches ? 2 : 1; }

  absl::Status Run(const TensorList&, const std::vector<at::Tensor>& inputs) override {
    std::vector<at::Tensor> arguments;
    arguments.reserve(plan_->sources.size());
    for (const int input : plan_->sources) {
      if (!inputs[input].defined()) {
        return absl::InvalidArgumentError(Concat("input `", plan_->request.inputs[input].name,
                                                 "`: a compiled package needs all its inputs, got none"));
      }
      arguments.push_back(inputs[input]);
    }
    results_.clear();
    std::vector<at::Tensor> returned = RunCode(std::move(arguments));
    for (at::Tensor& tensor : returned) results_.emplace_back(std::move(tensor));
    return absl::OkStatus();
  }

  const c10::IValue* ResultAt(size_t output) override {
    const auto place = static_cast<size_t>(plan_->places[output]);
    return place < results_.size() ? &results_[place] : nullptr;
  }

  void Clear() override { results_.clear(); }

 private:
  int64_t MemoryFaults() const { return plan_->memory_faults ? plan_->memory_faults() : 0; }

  // What failed inside is not in the code's exception. On the current stream, where the package is a GPU's.
  std::vector<at::Tensor> RunCode(std::vector<at::Tensor> arguments) {
    try {
      return plan_->runner->boxed_run(std::move(arguments));
    } catch (const std::exception& error) {
      const int64_t before = std::exchange(memory_faults_, MemoryFaults());
      if (memory_faults_ == before) throw;
      throw std::runtime_error(Concat("CUDA out of memory: ", error.what()));
    }
  }

  const std::shared_ptr<const PackagePlan> plan_;
  int64_t memory_faults_;  // when last looked at
  std::vector<c10::IValue> results_;
};

}  // namespace driftserve
