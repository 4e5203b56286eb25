#include "server/execute/torchscript_loader.h"

#include <dlfcn.h>
#include <unistd.h>

#include <mutex>

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/api/include/torch/cuda.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include "server/execute/archive_bytes.h"
#include "server/execute/cuda_library.h"
#include "server/execute/device_pipeline.h"
#include "server/execute/torch_program.h"
#include "server/execute/torch_types.h"
#include "server/execute/torchscript_graph.h"

namespace driftserve {
namespace {

using torch::jit::Module;

absl::StatusOr<Module> ReadModule(const std::string& file, const std::string& bytes, at::Device device) {
  Module module;
  const absl::Status status =
      CatchTorch(absl::StatusCode::kInvalidArgument,
                 Concat(file, ": expected a TorchScript archive, as torch.jit.save writes it"), [&] {
                   const c10::InferenceMode inference;
                   module = torch::jit::load(std::make_shared<BytesReader>(bytes), device);
                   module.eval();
                   return absl::OkStatus();
                 });
  if (!status.ok()) return status;
  if (!module.find_method("forward").has_value()) {
    return absl::InvalidArgumentError(Concat(file, ": the module has no method forward()"));
  }
  return module;
}

std::vector<ForwardArgument> Arguments(const c10::FunctionSchema& schema, std::vector<c10::IValue>* defaults) {
  std::vector<ForwardArgument> arguments;
  for (size_t i = 1; i < schema.arguments().size(); ++i) {
    const c10::Argument& argument = schema.arguments()[i];
    arguments.push_back({argument.name(), argument.type()->annotation_str(), argument.default_value().has_value()});
    if (defaults != nullptr) defaults->push_back(argument.default_value().value_or(c10::IValue()));
  }
  return arguments;
}

ForwardResult Result(const c10::FunctionSchema& schema) {
  const c10::TypePtr type = schema.returns().at(0).type();
  if (const auto tuple = type->cast<c10::TupleType>()) {
    ForwardResult result{ForwardResult::Kind::kSequence, {}, {}};
    for (const c10::TypePtr& element : tuple->elements()) result.types.push_back(element->annotation_str());
    if (tuple->schema() != nullptr) {
      for (const c10::Argument& field : tuple->schema()->arguments()) result.names.push_back(field.name());
    }
    return result;
  }
  if (const auto dictionary = type->cast<c10::DictType>()) {
    return {ForwardResult::Kind::kDictionary, {dictionary->getValueType()->annotation_str()}, {}};
  }
  if (const auto list = type->cast<c10::ListType>();
      list && list->getElementType()->kind() == c10::TypeKind::TensorType) {
    return {ForwardResult::Kind::kSequence, {}, {}};
  }
  return {ForwardResult::Kind::kSingle, {type->annotation_str()}, {}};
}

// Freezing folds the parameters into the graph as constants, which all copies of the graph share. A module that
// torch cannot freeze is run as it is.
Module Freeze(const Module& module) {
  const c10::InferenceMode inference;
  try {
    return torch::jit::freeze(module);
  } catch (const std::exception&) {
    return module;
  }
}

// A graph that nothing else holds, calls inlined.
std::shared_ptr<torch::jit::Graph> OwnGraph(const Module& module) {
  std::shared_ptr<torch::jit::Graph> graph = module.get_method("forward").graph()->copy();
  torch::jit::Inline(*graph);
  torch::jit::runRequiredPasses(graph);
  return graph;
}

// Torch looks once in a process for CUDA, and in the oddest places: its library must be there before. Without the
// driver's device there is nothing to find, and the library takes seconds to load.
bool LoadCuda() {
  static const bool loaded =
      access("/dev/nvidiactl", F_OK) == 0 && dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr;
  return loaded;
}

void Settle(at::Device device) { c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index()); }

class TorchScriptExecutable : public Executable {
 public:
  TorchScriptExecutable(std::shared_ptr<const GraphPlan> plan, Module module, Module frozen)
      : plan_(std::move(plan)), module_(std::move(module)), frozen_(std::move(frozen)) {}

  absl::StatusOr<std::unique_ptr<Graph>> NewGraph() override {
    std::unique_ptr<Graph> graph;
    const absl::Status status = CatchTorch(absl::StatusCode::kInternal, plan_->request.file, [&] {
      const std::lock_guard lock(mutex_);
      const c10::InferenceMode inference;
      // Weights are shared; a state that the module writes to is not.
      const Module module = plan_->writes.state ? Freeze(module_.deepcopy()) : frozen_;
      graph = RunsAsProgram(*plan_) ? NewPipeline(module)
                                    : MakeTorchScriptGraph(plan_, OwnGraph(module), module._ivalue());
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return graph;
  }

  bool writes_own_state() const override { return plan_->writes.state; }

 private:
  std::unique_ptr<Graph> NewPipeline(const Module& module) const {
    const LoadRequest& request = plan_->request;
    return std::make_unique<DevicePipeline>(
        request, MakeTorchProgram(request, MakeTorchScriptCall(plan_, OwnGraph(module), module._ivalue()),
                                  TorchDevice(request), NewCudaRecorder));
  }

  const std::shared_ptr<const GraphPlan> plan_;
  std::mutex mutex_;  // guards the two modules: copying them touches caches of theirs
  const Module module_;
  const Module frozen_;
};

class TorchScriptLoader : public Loader {
 public:
  absl::StatusOr<std::shared_ptr<Executable>> Load(const LoadRequest& request) override {
    if (request.device == DeviceKind::kGpu && request.device_index >= DeviceCount(DeviceKind::kGpu)) {
      return absl::InvalidArgumentError(Concat(request.file, ": instance_group asks for GPU ", request.device_index,
                                               ", this machine and build have ", DeviceCount(DeviceKind::kGpu)));
    }
    absl::StatusOr<Module> module = ReadModule(request.file, *request.bytes, TorchDevice(request));
    if (!module.ok()) return module.status();
    std::shared_ptr<Executable> executable;
    const absl::Status status = CatchTorch(absl::StatusCode::kInvalidArgument, request.file, [&]() -> absl::Status {
      absl::StatusOr<std::shared_ptr<GraphPlan>> plan = Plan(request, *module);
      if (!plan.ok()) return plan.status();
      const Module frozen = Freeze(*module);
      (*plan)->writes = FindWrites(*OwnGraph(frozen));
      // Weights came by the stream of this thread; no graph runs on it.
      if (request.device == DeviceKind::kGpu) Settle(TorchDevice(request));
      executable = std::make_shared<TorchScriptExecutable>(*std::move(plan), *module, frozen);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return executable;
  }

  absl::StatusOr<ModuleSignature> Signature(const std::string& file, const std::string& bytes) override {
    absl::StatusOr<Module> module = ReadModule(file, bytes, at::Device(at::kCPU));
    if (!module.ok()) return module.status();
    const c10::FunctionSchema& schema = module->get_method("forward").function().getSchema();
    ModuleSignature signature;
    for (ForwardArgument& argument : Arguments(schema, nullptr)) {
      signature.argument_names.push_back(std::move(argument.name));
      signature.argument_types.push_back(std::move(argument.type));
    }
    signature.result_types = Result(schema).types;
    return signature;
  }

  int DeviceCount(DeviceKind kind) const override {
    if (kind == DeviceKind::kCpu) return 1;
    static const int gpus = [] {
      if (!LoadCuda()) return 0;
      try {
        return static_cast<int>(torch::cuda::device_count());
      } catch (const std::exception&) {
        return 0;
      }
    }();
    return gpus;
  }

 private:
  static absl::StatusOr<std::shared_ptr<GraphPlan>> Plan(const LoadRequest& request, const Module& module) {
    auto plan = std::make_shared<GraphPlan>();
    plan->request = request;
    plan->request.bytes = nullptr;
    const c10::FunctionSchema& schema = module.get_method("forward").function().getSchema();
    absl::StatusOr<std::vector<int>> sources = BindArguments(Arguments(schema, &plan->defaults), request.inputs);
    plan->result = Result(schema);
    absl::StatusOr<std::vector<int>> places = BindResults(plan->result, request.outputs);
    std::vector<std::string> faults;
    for (const absl::Status& status : {sources.status(), places.status()}) {
      if (!status.ok()) faults.emplace_back(status.message().data(), status.message().size());
    }
    if (!faults.empty()) return absl::InvalidArgumentError(Concat(request.file, ": ", Join(faults, "\n")));
    plan->sources = *std::move(sources);
    plan->places = *std::move(places);
    return plan;
  }
};

}  // namespace

std::unique_ptr<Loader> MakeTorchScriptLoader() {
  static std::once_flag once;
  std::call_once(once, [] {
    LoadCuda();
    // A request is served by one thread unless its model asks for more.
    at::set_num_threads(1);
    try {
      at::set_num_interop_threads(1);
    } catch (const std::exception&) {
      // Torch was at work before, with threads of its own: nothing here hands work to them.
    }
    // What cannot be inlined still goes through torch's executor: without profiling it never compiles while serving.
    torch::jit::getProfilingMode() = false;
  });
  return std::make_unique<TorchScriptLoader>();
}

}  // namespace driftserve
