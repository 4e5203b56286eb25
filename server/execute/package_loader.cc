#include "server/execute/package_loader.h"

#include <dlfcn.h>

#include <cstdlib>
#include <mutex>

#include <c10/core/InferenceMode.h>
#include <torch/csrc/inductor/aoti_runner/model_container_runner_cpu.h>

#include "server/execute/batch_items.h"
#include "server/execute/beside_program.h"
#include "server/execute/cpu_features.h"
#include "server/execute/input_slot.h"
#include "server/execute/output_slot.h"
#include "server/execute/package_archive.h"
#include "server/execute/package_signature.h"
#include "server/execute/run_rules.h"

namespace driftserve {
namespace {

using Runner = torch::inductor::AOTIModelContainerRunnerCpu;

struct PackagePlan {
  LoadRequest request;       // without its bytes
  std::vector<int> sources;  // per argument: the input that feeds it
  std::vector<int> places;   // per output: its position in the result
  bool checks_inputs = false;
  std::unique_ptr<Runner> runner;  // with it goes the package's code, so graphs keep the plan until their own end
};

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
      : plan_(std::move(plan)), model_(Concat("model `", plan_->request.model_name, "`")) {
    for (const TensorSpec& spec : plan_->request.inputs) {
      inputs_.push_back(std::make_unique<InputSlot>(spec, at::Device(at::kCPU)));
    }
    for (const TensorSpec& spec : plan_->request.outputs) outputs_.emplace_back(spec, plan_->request.batches, model_);
  }

  absl::Status Run(absl::Span<const BatchItem> items, TensorList& outputs) override {
    if (absl::Status status = CheckItems(items, plan_->request.batches, model_); !status.ok()) return status;
    // Export takes a batch's size to be two or more, and the checks hold single rows to it; the code does not mind.
    const BatchItem twice[] = {items[0], items[0]};
    if (plan_->checks_inputs && plan_->request.batches && items.size() == 1 && items[0].rows == 1) items = twice;
    return CatchTorch(absl::StatusCode::kInternal, model_, [&] {
      UseIntraOpThreads(plan_->request.intra_op_threads);
      const c10::InferenceMode inference;
      std::vector<at::Tensor> arguments;
      if (absl::Status status = Gather(items, arguments); !status.ok()) return status;
      results_ = plan_->runner->boxed_run(std::move(arguments));
      return ReadResults(items, outputs);
    });
  }

 private:
  absl::Status Gather(absl::Span<const BatchItem> items, std::vector<at::Tensor>& arguments) {
    arguments.reserve(plan_->sources.size());
    for (const int input : plan_->sources) {
      if ((*items[0].inputs)[input].absent()) {
        return absl::InvalidArgumentError(Concat("input `", plan_->request.inputs[input].name,
                                                 "`: a compiled package needs all its inputs, got none"));
      }
      arguments.push_back(inputs_[input]->Gather(items, static_cast<size_t>(input), false));
    }
    return absl::OkStatus();
  }

  absl::Status ReadResults(absl::Span<const BatchItem> items, TensorList& outputs) {
    const int64_t rows = TotalRows(items);
    outputs.resize(outputs_.size());
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const auto place = static_cast<size_t>(plan_->places[i]);
      if (place >= results_.size()) return outputs_[i].Fault("it is there", "fewer values");
      if (absl::Status status = outputs_[i].Take(results_[place], rows, outputs[i]); !status.ok()) return status;
    }
    results_.clear();
    return absl::OkStatus();
  }

  const std::shared_ptr<const PackagePlan> plan_;
  const std::string model_;                         // for messages
  std::vector<std::unique_ptr<InputSlot>> inputs_;
  std::vector<OutputSlot> outputs_;
  std::vector<at::Tensor> results_;
};

class PackageExecutable : public Executable {
 public:
  explicit PackageExecutable(std::shared_ptr<const PackagePlan> plan) : plan_(std::move(plan)) {}

  absl::StatusOr<std::unique_ptr<Graph>> NewGraph() override { return std::make_unique<PackageGraph>(plan_); }
  // Buffers that forward() changes were made constant when it was exported.
  bool writes_own_state() const override { return false; }

 private:
  const std::shared_ptr<const PackagePlan> plan_;
};

std::string Stamp(const UnpackedPackage& package, const std::string& key) {
  const auto found = package.metadata.find(key);
  return found == package.metadata.end() ? "" : found->second;
}

absl::Status CheckMachine(const UnpackedPackage& package) {
  const std::string device = Stamp(package, "AOTI_DEVICE_KEY"), machine = Stamp(package, "AOTI_MACHINE");
  if (device != "cpu") {
    return absl::InvalidArgumentError(Concat("expected a package for cpu, got one for `", device, "`"));
  }
#if defined(__x86_64__)
  if (machine != "x86_64") {
    return absl::InvalidArgumentError(Concat("expected native code for x86_64, got `", machine, "`"));
  }
#endif
  const std::vector<std::string> missing = MissingCpuFeatures(Stamp(package, "AOTI_CPU_ISA"));
  if (missing.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(Concat("it was compiled for a CPU with ", Stamp(package, "AOTI_CPU_ISA"),
                                           ", this machine's lacks ", Join(missing, ", "),
                                           ": compile it on the machine that serves it"));
}

absl::Status CheckRequest(const LoadRequest& request) {
  if (request.device != DeviceKind::kCpu) {
    return absl::InvalidArgumentError("instance_group: expected KIND_CPU, packages are served on CPU, got KIND_GPU");
  }
  for (const auto* specs : {&request.inputs, &request.outputs}) {
    for (const TensorSpec& spec : *specs) {
      if (spec.type == DataType::kBytes) {
        return absl::InvalidArgumentError(
            Concat("`", spec.name, "`: compiled packages take and give tensors of numbers, config.pbtxt says BYTES"));
      }
    }
  }
  return absl::OkStatus();
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

  int DeviceCount(DeviceKind kind) const override { return kind == DeviceKind::kCpu ? 1 : 0; }

 private:
  static absl::Status LoadPackage(const LoadRequest& request, std::shared_ptr<Executable>& executable) {
    if (absl::Status status = CheckRequest(request); !status.ok()) return status;
    // Needed until the library is loaded, which then has no need of its file.
    const absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make(request.unpack_folder);
    if (!folder.ok()) return folder.status();
    const absl::StatusOr<UnpackedPackage> package = UnpackPackage(request.file, *request.bytes, folder->path());
    if (!package.ok()) return package.status();
    if (absl::Status status = CheckMachine(*package); !status.ok()) return status;
    LoadNameOfTorch();
    auto plan = std::make_shared<PackagePlan>();
    plan->request = request;
    plan->request.bytes = nullptr;
    plan->checks_inputs = ChecksInputs();
    // Each of the runners serves one thread at a time; weights are shared. Single-threaded runners would not wait for
    // one another.
    plan->runner = std::make_unique<Runner>(package->library, static_cast<size_t>(std::max(1, request.runners)), false);
    if (absl::Status status = Bind(*plan); !status.ok()) return status;
    executable = std::make_shared<PackageExecutable>(std::move(plan));
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Loader> MakePackageLoader() { return std::make_unique<PackageLoader>(); }

}  // namespace driftserve
