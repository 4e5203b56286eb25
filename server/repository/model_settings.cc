#include "server/repository/model_settings.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "server/base/text.h"
#include "server/execute/model_loader.h"
#include "server/repository/queue_settings.h"
#include "server/repository/tensor_specs.h"

namespace driftserve {
namespace {

constexpr int kMaxBatchSize = 65'536;
constexpr int kMaxInstances = 256;
constexpr int kMaxThreads = 256;
constexpr uint32_t kMaxWarmRuns = 1000;
constexpr int64_t kMaxBatchElements = int64_t{1} << 32;

// A parameter of this server, and those of Triton's PyTorch backend, of which the first is honoured. The others choose
// between executors and passes of torch that this server does not use, so that they change nothing.
constexpr std::string_view kCanaryShare = "CANARY_SHARE", kIntraOpThreads = "INTRA_OP_THREAD_COUNT";
constexpr std::array<std::string_view, 12> kParameters = {
    kCanaryShare,          kIntraOpThreads,        "INTER_OP_THREAD_COUNT", "DISABLE_OPTIMIZED_EXECUTION",
    "INFERENCE_MODE",      "DISABLE_CUDNN",        "ENABLE_WEIGHT_SHARING", "ENABLE_CACHE_CLEANING",
    "ENABLE_JIT_EXECUTOR", "ENABLE_JIT_PROFILING", "ENABLE_TENSOR_FUSER",   "ENABLE_NVFUSER_PASS"};

// Reads one configuration, collecting faults.
class SettingsReader {
 public:
  SettingsReader(const ConfigText& text, const std::string& model, const ModuleSignature* signature, int gpus)
      : text_(text), signature_(signature), gpus_(gpus), faults_(RefusedFields(text)) {
    settings_.config = text.config;
    settings_.name = model;
  }

  absl::StatusOr<ModelSettings> Read() {
    ReadIdentity();
    ReadTensors();
    ReadBatching();
    ReadInstances();
    ReadParameters();
    ReadWarmup();
    if (!faults_.empty()) return absl::InvalidArgumentError(Join(faults_, "\n"));
    Complete();
    return std::move(settings_);
  }

 private:
  template <typename... Pieces>
  void Fault(const Pieces&... pieces) {
    faults_.push_back(Concat(text_.file, ": ", pieces...));
  }

  void ReadIdentity() {
    const inference::ModelConfig& config = text_.config;
    if (!config.name().empty() && config.name() != settings_.name) {
      Fault("name: expected `", settings_.name, "`, the folder's name, or nothing, got `", config.name(), "`");
    }
    settings_.platform = IsPackage(ModelFileName(config)) ? "pytorch_aotinductor" : "pytorch_libtorch";
    if (!config.platform().empty() && config.platform() != settings_.platform) {
      Fault("platform: expected ", settings_.platform, ", got `", config.platform(), "`");
    }
    if (!config.backend().empty() && config.backend() != "pytorch") {
      Fault("backend: expected pytorch, got `", config.backend(), "`");
    }
    const std::string& file = config.default_model_filename();
    if (file.find('/') != file.npos || file == "..") {
      Fault("default_model_filename: expected the name of a file in the version's folder, got `", file, "`");
    }
  }

  void ReadTensors() {
    if (signature_ != nullptr) AddFromSignature(*signature_, text_.file, settings_.config, faults_);
    settings_.inputs = InputSpecs(settings_.config, text_.file, faults_);
    settings_.outputs = OutputSpecs(settings_.config, text_.file, faults_);
  }

  void ReadBatching() {
    const inference::ModelConfig& config = text_.config;
    const int max = config.max_batch_size();
    if (max < 0 || max > kMaxBatchSize) {
      return Fault("max_batch_size: expected 0 (no batches) to ", kMaxBatchSize, ", got ", max);
    }
    settings_.max_batch_size = max;
    std::set<int> buckets = {std::max(max, 1)};
    for (int size = 1; size < max; size *= 2) buckets.insert(size);
    for (const int preferred : config.dynamic_batching().preferred_batch_size()) {
      if (preferred < 1 || preferred > max) {
        Fault("dynamic_batching.preferred_batch_size: expected 1 to max_batch_size (", max, "), got ", preferred);
      } else {
        buckets.insert(preferred);
        settings_.preferred_sizes.push_back(preferred);
      }
    }
    std::sort(settings_.preferred_sizes.begin(), settings_.preferred_sizes.end());
    settings_.buckets.assign(buckets.begin(), buckets.end());
    if (config.has_dynamic_batching() && max == 0) {
      Fault("dynamic_batching: expected max_batch_size above 0 with it, got 0");
    }
    ReadQueueSettings(config.dynamic_batching(), text_.file, settings_, faults_);
  }

  void ReadInstances() {
    using Group = inference::ModelInstanceGroup;
    int64_t count = 0;
    std::set<bool> on_gpu;
    for (const Group& group : text_.config.instance_group()) {
      if (group.kind() == Group::KIND_MODEL) {
        Fault("instance_group.kind: expected KIND_CPU, KIND_GPU or KIND_AUTO, got KIND_MODEL");
      }
      if (group.count() < 0) Fault("instance_group.count: expected at least 1, got ", group.count());
      const bool gpu = group.kind() == Group::KIND_GPU || (group.kind() == Group::KIND_AUTO && gpus_ > 0);
      on_gpu.insert(gpu);
      const int each = std::clamp(group.count(), 1, kMaxInstances + 1);
      count += gpu ? AddGpuInstances(group, each) : each;
      if (group.kind() == Group::KIND_CPU && !group.gpus().empty()) {
        Fault("instance_group.gpus: expected none with KIND_CPU, got [", Join(group.gpus(), ","), "]");
      }
    }
    if (on_gpu.size() > 1) Fault("instance_group: expected one kind of device per model, got CPU and GPU");
    if (count > kMaxInstances) Fault("instance_group.count: expected at most ", kMaxInstances, ", got ", count);
    settings_.instance_count = static_cast<int>(std::clamp<int64_t>(count, 1, kMaxInstances));
    if (on_gpu.count(true) != 0) settings_.device = DeviceKind::kGpu;
    ReadCuda(text_.config.optimization().cuda());
  }

  // As many as `each` on every GPU of the group, which are all there are where it names none.
  int64_t AddGpuInstances(const inference::ModelInstanceGroup& group, int each) {
    std::vector<int> gpus(group.gpus().begin(), group.gpus().end());
    for (int gpu = 0; group.gpus().empty() && gpu < std::max(gpus_, 1); ++gpu) gpus.push_back(gpu);
    std::set<int> seen;
    for (const int gpu : gpus) {
      if (gpu < 0 || gpu >= gpus_) {
        Fault("instance_group: expected a GPU below ", gpus_, ", as many as this machine and build have, got ", gpu);
      } else if (!seen.insert(gpu).second) {
        Fault("instance_group.gpus: expected each GPU once in a group, got ", gpu, " twice");
      } else {
        settings_.gpus.insert(settings_.gpus.end(), static_cast<size_t>(each), gpu);
      }
    }
    return int64_t{each} * static_cast<int64_t>(gpus.size());
  }

  void ReadCuda(const inference::ModelOptimizationPolicy::Cuda& cuda) {
    settings_.cuda_graphs = cuda.graphs();
    if (cuda.graphs() && settings_.device != DeviceKind::kGpu) {
      Fault("optimization.cuda.graphs: expected it with KIND_GPU only, got KIND_CPU");
    }
  }

  void ReadCanaryShare(const std::string& text) {
    double share = 0;
    if (!absl::SimpleAtod(text, &share) || !(share >= 0 && share <= 1)) {
      return Fault("parameters.", kCanaryShare, ": expected a number from 0 to 1, got `", text, "`");
    }
    settings_.canary_share = share;
  }

  void ReadParameters() {
    for (const auto& [name, value] : text_.config.parameters()) {
      if (std::find(kParameters.begin(), kParameters.end(), name) == kParameters.end()) {
        Fault("parameters: expected one of ", Join(kParameters, ", "), ", got `", name, "`");
      }
      if (name == kCanaryShare) ReadCanaryShare(value.string_value());
      if (name != kIntraOpThreads) continue;
      const std::optional<int> threads = ParseWhole<int>(value.string_value());
      if (!threads || *threads < 1 || *threads > kMaxThreads) {
        Fault("parameters.", name, ": expected a whole number from 1 to ", kMaxThreads, ", got `", value.string_value(),
              "`");
      } else {
        settings_.intra_op_threads = *threads;
      }
    }
  }

  // What to warm with: one for every free dimension, unless model_warmup says more.
  void ReadWarmup() {
    for (const TensorSpec& input : settings_.inputs) {
      settings_.warm_dims.push_back(input.dims);
      for (int64_t& dim : settings_.warm_dims.back()) dim = dim < 0 ? 1 : dim;
    }
    for (const inference::ModelWarmup& warmup : text_.config.model_warmup()) {
      ReadWarmupSize(warmup);
      for (const auto& [name, input] : warmup.inputs()) ReadWarmupInput(name, input);
    }
    for (size_t i = 0; i < settings_.inputs.size(); ++i)
      CheckBatchElements(settings_.inputs[i].name, settings_.warm_dims[i]);
  }

  // Every bucket is warmed: a size that is none becomes one.
  void ReadWarmupSize(const inference::ModelWarmup& warmup) {
    const uint32_t most = static_cast<uint32_t>(settings_.max_batch_size);
    if (warmup.batch_size() > most) {
      Fault("model_warmup.batch_size: expected at most max_batch_size (", most, "), got ", warmup.batch_size());
    } else if (warmup.batch_size() > 0) {
      const auto size = static_cast<int>(warmup.batch_size());
      std::vector<int>& buckets = settings_.buckets;
      const auto place = std::lower_bound(buckets.begin(), buckets.end(), size);
      if (place == buckets.end() || *place != size) buckets.insert(place, size);
    }
    if (warmup.count() > kMaxWarmRuns) {
      Fault("model_warmup.count: expected at most ", kMaxWarmRuns, ", got ", warmup.count());
    } else {
      settings_.warm_runs = std::max(settings_.warm_runs, static_cast<int>(warmup.count()));
    }
  }

  // A batch is warmed whole, so it must fit into memory.
  void CheckBatchElements(const std::string& name, const std::vector<int64_t>& dims) {
    int64_t elements = std::max(settings_.max_batch_size, 1);
    for (const int64_t dim : dims) {
      if (dim > 0 && __builtin_mul_overflow(elements, dim, &elements)) elements = std::numeric_limits<int64_t>::max();
    }
    if (elements <= kMaxBatchElements) return;
    Fault("max_batch_size: expected at most ", kMaxBatchElements, " elements of input `", name, "` in a batch, got ",
          elements);
  }

  void ReadWarmupInput(const std::string& name, const inference::ModelWarmup::Input& input) {
    const auto spec = std::find_if(settings_.inputs.begin(), settings_.inputs.end(),
                                   [&](const TensorSpec& candidate) { return candidate.name == name; });
    if (spec == settings_.inputs.end()) return Fault("model_warmup: no input is called `", name, "`");
    const auto& tensor = settings_.config.input(static_cast<int>(spec - settings_.inputs.begin()));
    if (input.data_type() != inference::TYPE_INVALID && input.data_type() != tensor.data_type()) {
      Fault("model_warmup: input `", name, "`: expected ", inference::DataType_Name(tensor.data_type()), ", got ",
            inference::DataType_Name(input.data_type()));
    }
    settings_.random_warming |= input.random_data();
    const std::vector<int64_t> dims(input.dims().begin(), input.dims().end());
    const auto fits = [](int64_t given, int64_t configured) {
      return given >= 1 && (configured < 0 || configured == given);
    };
    if (dims.size() != spec->dims.size() || !std::equal(dims.begin(), dims.end(), spec->dims.begin(), fits)) {
      return Fault("model_warmup: input `", name, "`: expected dims that fit [", Join(spec->dims, ","), "], got [",
                   Join(dims, ","), "]");
    }
    settings_.warm_dims[spec - settings_.inputs.begin()] = dims;
  }

  // What was left out, for ModelConfig's answer.
  void Complete() {
    inference::ModelConfig& config = settings_.config;
    config.set_name(settings_.name);
    config.set_platform(settings_.platform);
    config.set_backend("pytorch");
    config.set_default_model_filename(ModelFileName(config));
    if (config.version_policy().policy_choice_case() == inference::ModelVersionPolicy::POLICY_CHOICE_NOT_SET) {
      config.mutable_version_policy()->mutable_latest()->set_num_versions(1);
    }
    if (config.instance_group().empty()) {
      inference::ModelInstanceGroup* const group = config.add_instance_group();
      group->set_name(settings_.name);
      group->set_count(1);
      group->set_kind(inference::ModelInstanceGroup::KIND_CPU);
    }
  }

  const ConfigText& text_;
  const ModuleSignature* const signature_;
  const int gpus_;
  std::vector<std::string> faults_;
  ModelSettings settings_;
};

}  // namespace

bool NeedsSignature(const inference::ModelConfig& config) { return config.input().empty() || config.output().empty(); }

absl::StatusOr<ModelSettings> MakeSettings(const ConfigText& text, const std::string& model,
                                           const ModuleSignature* signature, int gpus) {
  return SettingsReader(text, model, signature, gpus).Read();
}

LoadRequest MakeLoadRequest(const ModelSettings& settings, std::string file, std::shared_ptr<const std::string> bytes) {
  LoadRequest request;
  request.model_name = settings.name;
  request.file = std::move(file);
  request.bytes = std::move(bytes);
  request.inputs = settings.inputs;
  request.outputs = settings.outputs;
  request.batches = settings.max_batch_size > 0;
  request.device = settings.device;
  request.device_index = settings.gpus.empty() ? 0 : settings.gpus[0];
  request.max_rows = std::max(settings.max_batch_size, 1);
  request.cuda_graphs = settings.cuda_graphs;
  request.intra_op_threads = settings.intra_op_threads;
  return request;
}

std::string ModelFileName(const inference::ModelConfig& config) {
  return config.default_model_filename().empty() ? "model.pt" : config.default_model_filename();
}

}  // namespace driftserve
