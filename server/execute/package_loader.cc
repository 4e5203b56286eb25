#include "server/execute/package_loader.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>

#include <ATen/Functions.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/api/include/torch/cuda.h>
#include <torch/csrc/inductor/aoti_runner/model_container_runner_cpu.h>

#include "server/execute/batch_items.h"
#include "server/execute/beside_program.h"
#include "server/execute/cuda_library.h"
#include "server/execute/device_pipeline.h"
#include "server/execute/input_slot.h"
#include "server/execute/output_slot.h"
#include "server/execute/package_archive.h"
#include "server/execute/package_call.h"
#include "server/execute/package_gpus.h"
#include "server/execute/package_signature.h"
#include "server/execute/package_stamps.h"
#include "server/execute/run_rules.h"

namespace driftserve {
namespace {

using torch::inductor::AOTIModelContainerRunnerCpu;

bool ChecksInputs() {
  const char* const asked = std::getenv("AOTI_RUNTIME_CHECK_INPUTS");
  return asked != nullptr && std::string_view(asked) == "1";
}

// Compiled packages want libtorch.so, which in torch's wheel draws all of CUDA in; it is but a name for the libraries
// that are loaded already. The one beside the program, or in its library folder, is nothing else.
void LoadNameOfTorch() {
  static std::once_flag once;
  std::call_once(once, [] { OpenBesideProgram("libtorch.so", RTLD_NOW | RTLD_GLOBAL); });
}

class PackageGraph : public Graph {
 public:
  explicit PackageGraph(std::shared_ptr<const PackagePlan> plan)
      : plan_(plan), call_(std::move(plan)), model_(Concat("model `", plan_->request.model_name, "`")) {
    for (const TensorSpec& spec : plan_->request.inputs) {
      slots_.push_back(std::make_unique<InputSlot>(spec, at::Device(at::kCPU)));
    }
    for (const TensorSpec& spec : plan_->request.outputs) outputs_.emplace_back(spec, plan_->request.batches, model_);
  }

  absl::Status Run(absl::Span<const BatchItem> items, TensorList& outputs) override {
    if (absl::Status status = CheckItems(items, plan_->request.batches, model_); !status.ok()) return status;
    const BatchItem twice[] = {items[0], items[0]};
    if (items.size() == 1 && items[0].rows == 1 && call_.LeastRows() == 2) items = twice;
    return CatchTorch(absl::StatusCode::kInternal, model_, [&] {
      UseIntraOpThreads(plan_->request.intra_op_threads);
      const c10::InferenceMode inference;
      Gather(items);
      absl::Status status = call_.Run(*items[0].inputs, inputs_);
      if (status.ok()) status = ReadResults(items, outputs);
      call_.Clear();
      return status;
    });
  }

 private:
  void Gather(absl::Span<const BatchItem> items) {
    inputs_.assign(slots_.size(), at::Tensor());
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (!(*items[0].inputs)[i].absent()) inputs_[i] = slots_[i]->Gather(items, i, false);
    }
  }

  absl::Status ReadResults(absl::Span<const BatchItem> items, TensorList& outputs) {
    const int64_t rows = TotalRows(items);
    outputs.resize(outputs_.size());
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const c10::IValue* const value = call_.ResultAt(i);
      if (value == nullptr) return outputs_[i].Fault("it is there", "fewer values");
      if (absl::Status status = outputs_[i].Take(*value, rows, outputs[i]); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const std::shared_ptr<const PackagePlan> plan_;
  PackageCall call_;
  const std::string model_;                        // for messages
  std::vector<std::unique_ptr<InputSlot>> slots_;
  std::vector<at::Tensor> inputs_;                 // of the batch
  std::vector<OutputSlot> outputs_;
};

c10::Device DeviceOf(const LoadRequest& request, c10::DeviceType gpu_type) {
  if (request.device == DeviceKind::kCpu) return c10::Device(c10::kCPU);
  return c10::Device(gpu_type, static_cast<c10::DeviceIndex>(request.device_index));
}

class PackageExecutable : public Executable {
 public:
  PackageExecutable(std::shared_ptr<const PackagePlan> plan, const PackageGpus& gpus)
      : plan_(std::move(plan)), gpu_type_(gpus.type), new_recorder_(gpus.new_recorder) {}

  absl::StatusOr<std::unique_ptr<Graph>> NewGraph() override {
    const LoadRequest& request = plan_->request;
    if (request.device == DeviceKind::kCpu) return std::make_unique<PackageGraph>(plan_);
    std::unique_ptr<Graph> graph;
    const absl::Status status = CatchTorch(absl::StatusCode::kInternal, request.file, [&] {
      graph = std::make_unique<DevicePipeline>(
          request, MakeTorchProgram(request, std::make_unique<PackageCall>(plan_), DeviceOf(request, gpu_type_),
                                    new_recorder_));
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return graph;
  }
  // Buffers that forward() changes were made constant when it was exported.
  bool writes_own_state() const override { return false; }

 private:
  const std::shared_ptr<const PackagePlan> plan_;
  const c10::DeviceType gpu_type_;
  const NewRecorder new_recorder_;
};

absl::Status CheckRequest(const LoadRequest& request) {
  for (const auto* specs : {&request.inputs, &request.outputs}) {
    for (const TensorSpec& spec : *specs) {
      if (spec.type == DataType::kBytes) {
        return absl::InvalidArgumentError(
            Concat("`", spec.name, "`: compiled packages take and give tensors of numbers, config.pbtxt says BYTES"));
      }
    }
  }
  if (!request.cuda_graphs || request.runners <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Concat("optimization.cuda.graphs: runs of a package are recorded with one instance on a GPU, got ",
             request.runners, ": set instance_group.count to 1, or leave graphs out"));
}

absl::Status Bind(PackagePlan& plan) {
  const std::vector<std::string> specs = plan.runner->get_call_spec();
  absl::StatusOr<PackageSignature> signature = ParseCallSpec(specs.at(0), specs.at(1));
  if (!signature.ok()) return signature.status();
  absl::StatusOr<std::vector<int>> sources = BindArguments(signature->arguments, plan.request.inputs);
  absl::StatusOr<std::vector<int>> places = BindResults(signature->result, plan.request.outputs);
  std::vector<std::string> faults;
  for (const absl::Status& status : {sources.status(), places.status()}) {
    if (!status.ok()) faults.emplace_back(status.message().data(), status.message().size());
  }
  if (!faults.empty()) return absl::InvalidArgumentError(Join(faults, "\n"));
  plan.sources = *std::move(sources);
  plan.places = *std::move(places);
  return absl::OkStatus();
}

class PackageLoader : public Loader {
 public:
  explicit PackageLoader(PackageGpus gpus) : gpus_(std::move(gpus)) {}

  absl::StatusOr<std::shared_ptr<Executable>> Load(const LoadRequest& request) override {
    std::shared_ptr<Executable> executable;
    const absl::Status status = CatchTorch(absl::StatusCode::kInvalidArgument, request.file, [&]() -> absl::Status {
      const absl::Status loaded = LoadPackage(request, executable);
      const std::string_view message(loaded.message().data(), loaded.message().size());
      if (loaded.ok() || message.starts_with(request.file)) return loaded;
      return absl::Status(loaded.code(), Concat(request.file, ": ", message));
    });
    if (!status.ok()) return status;
    return executable;
  }

  absl::StatusOr<ModuleSignature> Signature(const std::string& file, const std::string&) override {
    return absl::InvalidArgumentError(Concat(
        file, ": a compiled package does not say the types of its tensors: config.pbtxt must list input and output"));
  }

  int DeviceCount(DeviceKind kind) const override { return kind == DeviceKind::kCpu ? 1 : gpus_.count(); }

 private:
  absl::Status LoadPackage(const LoadRequest& request, std::shared_ptr<Executable>& executable) {
    if (absl::Status status = CheckRequest(request); !status.ok()) return status;
    absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make(request.unpack_folder);
    if (!folder.ok()) return folder.status();
    const absl::StatusOr<UnpackedPackage> package = UnpackPackage(request.file, *request.bytes, folder->path());
    if (!package.ok()) return package.status();
    if (absl::Status status = CheckStamps(package->metadata, request.device); !status.ok()) return status;
    LoadNameOfTorch();
    auto plan = std::make_shared<PackagePlan>();
    plan->request = request;
    plan->request.bytes = nullptr;
    plan->checks_inputs = ChecksInputs();
    absl::Status loaded = request.device == DeviceKind::kGpu ? LoadOnGpu(*package, *std::move(folder), *plan)
                                                             : LoadOnCpu(*package, *plan);
    if (loaded.ok()) loaded = Bind(*plan);
    if (!loaded.ok()) return loaded;
    executable = std::make_shared<PackageExecutable>(std::move(plan), gpus_);
    return absl::OkStatus();
  }

  // The library's file is needed until it is loaded, and goes with its folder.
  static absl::Status LoadOnCpu(const UnpackedPackage& package, PackagePlan& plan) {
    // Each of the runners serves one thread at a time; weights are shared. Single-threaded runners would not wait for
    // one another.
    const auto runners = static_cast<size_t>(std::max(1, plan.request.runners));
    plan.runner = std::make_unique<AOTIModelContainerRunnerCpu>(package.library, runners, false);
    return absl::OkStatus();
  }

  absl::Status LoadOnGpu(const UnpackedPackage& package, TemporaryFolder folder, PackagePlan& plan) const {
    const int gpu = plan.request.device_index;
    if (absl::Status status = CheckGpu(package, gpu); !status.ok()) return status;
    const c10::Device device = DeviceOf(plan.request, gpus_.type);
    // Torch's allocator has to be there before the package's code, which sets the thread's GPU and leaves it so.
    const c10::DeviceGuard on(device);
    at::empty({1}, at::TensorOptions(at::kByte).device(device));
    MakeGpuRunner(package, folder.path(), plan);
    if (plan.runner == nullptr) return absl::InvalidArgumentError("this LibTorch runs no packages on a GPU");
    plan.memory_faults = [ask = gpus_.memory_faults, gpu] { return ask(gpu); };
    // Weights came by a stream of this thread; no graph runs on it.
    c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
    std::error_code ignored;
    std::filesystem::remove(package.library, ignored);
    if (package.has_kernels) plan.kernels.emplace(std::move(folder));
    return absl::OkStatus();
  }

  absl::Status CheckGpu(const UnpackedPackage& package, int gpu) const {
    if (gpu >= gpus_.count()) {
      return absl::InvalidArgumentError(Concat("instance_group asks for GPU ", gpu, ", this machine and build have ",
                                               gpus_.count()));
    }
    const absl::StatusOr<int> capability = gpus_.compute_capability(gpu);
    if (!capability.ok()) return capability.status();
    return CheckComputeCapability(package.metadata, gpu, *capability);
  }

  // One thread's two batches run behind one another on its stream, as the single-threaded runner asks; it waits for
  // nothing, and what it does can be recorded. Several threads share runners that are busy until a batch is done, so
  // there is one for each batch under way. Theirs fold constants once, on whatever stream comes first: better here.
  static void MakeGpuRunner(const UnpackedPackage& package, const std::string& folder, PackagePlan& plan) {
    const auto& registry = torch::inductor::getAOTIModelRunnerRegistry();
    const auto make = registry.find("cuda");
    if (make == registry.end()) return;
    const auto threads = static_cast<size_t>(std::max(1, plan.request.runners));
    const std::string device = Concat("cuda:", plan.request.device_index);
    const size_t runners = threads == 1 ? 1 : threads * DevicePipeline::kDepth;
    plan.runner = make->second(package.library, runners, device, folder, threads == 1);
    if (threads > 1) plan.runner->run_const_fold(false);
  }

  const PackageGpus gpus_;
};

// Asked after torch's library for CUDA was loaded, where there is one (torchscript_loader.cc).
PackageGpus GpusOfTorch() {
  PackageGpus gpus;
  gpus.count = [] { return static_cast<int>(torch::cuda::device_count()); };
  gpus.compute_capability = CudaComputeCapability;
  gpus.memory_faults = [](int gpu) {
    return c10::getDeviceAllocator(c10::kCUDA)->getDeviceStats(static_cast<c10::DeviceIndex>(gpu)).num_ooms;
  };
  gpus.new_recorder = NewCudaRecorder;
  return gpus;
}

}  // namespace

std::unique_ptr<Loader> MakePackageLoader() { return MakePackageLoader(GpusOfTorch()); }

std::unique_ptr<Loader> MakePackageLoader(PackageGpus gpus) {
  return std::make_unique<PackageLoader>(std::move(gpus));
}

}  // namespace driftserve
