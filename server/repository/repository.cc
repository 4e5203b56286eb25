#include "server/repository/repository.h"

#include <algorithm>
#include <filesystem>

#include "absl/status/status.h"
#include "server/base/clock.h"
#include "server/base/text.h"
#include "server/repository/model_file.h"
#include "server/repository/model_settings.h"
#include "server/repository/version_folders.h"
#include "server/repository/warm.h"
#include "server/repository/watch.h"

namespace driftserve {
namespace {

constexpr int64_t kMaxConfigBytes = int64_t{4} << 20;

bool HoldsModel(const std::string& folder) {
  std::error_code error;
  return std::filesystem::exists(Concat(folder, "/config.pbtxt"), error) || !ListVersions(folder).empty();
}

// A model's name becomes part of a path, a metric's label and a topic's key.
bool IsModelName(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.size() <= 255 &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/'; });
}

// A model runs on the pollers when its largest batch is short, and nothing it does would make other requests wait.
bool RunsInline(const Model& model, int64_t limit_us) {
  const ModelSettings& settings = model.settings;
  return settings.device == DeviceKind::kCpu && !settings.writes_own_state && settings.max_queue_delay_us == 0 &&
         settings.intra_op_threads == 1 && model.bucket_ns.back() <= limit_us * 1000;
}

absl::Status AddGraphs(Executable& executable, size_t count, std::vector<std::unique_ptr<Graph>>& graphs) {
  while (graphs.size() < count) {
    absl::StatusOr<std::unique_ptr<Graph>> graph = executable.NewGraph();
    if (!graph.ok()) return graph.status();
    graphs.push_back(*std::move(graph));
  }
  return absl::OkStatus();
}

}  // namespace

Repository::Repository(const ServerConfig& config, int pollers, Loader* loader, const Clock* clock,
                       std::unique_ptr<Trial> trial)
    : config_(config),
      pollers_(pollers),
      loader_(loader),
      clock_(clock),
      trial_(trial != nullptr ? std::move(trial)
                              : std::make_unique<InProcessTrial>(loader, clock, config.repository.trial_timeout_ms)) {}

Repository::~Repository() = default;

absl::StatusOr<std::vector<std::string>> Repository::ListModels() const {
  const std::string& root = config_.repository.path;
  std::error_code error;
  if (!std::filesystem::is_directory(root, error)) {
    return absl::NotFoundError(
        Concat(root, ": expected a folder, the model repository; option --model-repository names it"));
  }
  std::vector<std::string> names, faults;
  for (const std::string& name : config_.repository.models) {
    if (IsModelName(name) && HoldsModel(Concat(root, "/", name))) {
      names.push_back(name);
    } else {
      faults.push_back(Concat("repository.models: expected folders of ", root, " that hold a model, got `", name, "`"));
    }
  }
  if (!faults.empty()) return absl::NotFoundError(Join(faults, "\n"));
  if (!names.empty()) return names;
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    const std::string name = entry.path().filename().string();
    if (IsModelName(name) && entry.is_directory(error) && HoldsModel(entry.path().string())) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<ConfigText> Repository::ReadConfig(const std::string& name) const {
  const std::string file = Concat(config_.repository.path, "/", name, "/config.pbtxt");
  const auto text = ReadInside(config_.repository.path, file, kMaxConfigBytes);
  if (absl::IsNotFound(text.status())) return ConfigText{file, {}, nullptr};
  if (!text.ok()) return text.status();
  return ParseConfigText(file, **text);
}

absl::StatusOr<std::shared_ptr<const std::string>> Repository::ReadModelFile(
    const std::string& name, int64_t version, const inference::ModelConfig& config) const {
  const std::string folder = Concat(config_.repository.path, "/", name, "/", version);
  const std::string file = Concat(folder, "/", ModelFileName(config));
  auto bytes = ReadInside(config_.repository.path, file, config_.repository.trial_memory_bytes);
  std::error_code error;
  if (absl::IsNotFound(bytes.status()) && std::filesystem::exists(Concat(folder, "/model.pt2"), error)) {
    return absl::InvalidArgumentError(Concat(folder, "/model.pt2: AOTInductor packages are not served yet; expected ",
                                             file, ", a TorchScript archive"));
  }
  if (absl::IsNotFound(bytes.status())) return absl::InvalidArgumentError(bytes.status().message());
  return bytes;
}

absl::StatusOr<ModelSettings> Repository::ReadSettings(const ConfigText& text, const std::string& name,
                                                       int64_t newest) const {
  const int gpus = loader_->DeviceCount(DeviceKind::kGpu);
  if (!NeedsSignature(text.config)) return MakeSettings(text, name, nullptr, gpus);
  const auto bytes = ReadModelFile(name, newest, text.config);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<ModuleSignature> signature =
      trial_->Signature(Concat(name, "/", newest, "/", ModelFileName(text.config)), *bytes);
  if (!signature.ok()) return signature.status();
  return MakeSettings(text, name, &*signature, gpus);
}

absl::StatusOr<std::vector<std::shared_ptr<Model>>> Repository::LoadModel(const std::string& name) {
  const std::string folder = Concat(config_.repository.path, "/", name);
  if (!IsModelName(name) || !HoldsModel(folder)) {
    return absl::NotFoundError(Concat(folder, ": expected a folder with a config.pbtxt and versions"));
  }
  const absl::StatusOr<ConfigText> text = ReadConfig(name);
  if (!text.ok()) return text.status();
  const auto versions = ChooseVersions(text->config.version_policy(), ListVersions(folder), folder);
  if (!versions.ok()) return versions.status();
  const absl::StatusOr<ModelSettings> settings = ReadSettings(*text, name, versions->back());
  if (!settings.ok()) return settings.status();
  std::vector<std::shared_ptr<Model>> models;
  std::vector<std::string> faults;
  for (const int64_t version : *versions) {
    absl::StatusOr<std::shared_ptr<Model>> model = LoadVersion(*settings, version);
    if (model.ok()) {
      models.push_back(*std::move(model));
    } else {
      faults.emplace_back(model.status().message().data(), model.status().message().size());
    }
  }
  if (!faults.empty()) return absl::InvalidArgumentError(Join(faults, "\n"));
  return models;
}

absl::StatusOr<std::shared_ptr<Model>> Repository::LoadVersion(ModelSettings settings, int64_t version) {
  const std::string folder = Concat(config_.repository.path, "/", settings.name);
  auto bytes = ReadModelFile(settings.name, version, settings.config);
  if (!bytes.ok()) return bytes.status();
  const LoadRequest request =
      MakeLoadRequest(settings, Concat(folder, "/", version, "/", ModelFileName(settings.config)), *std::move(bytes));
  if (absl::Status status = trial_->Try(request, settings); !status.ok()) return status;
  auto model = std::make_shared<Model>();
  model->settings = std::move(settings);
  model->version = version;
  model->version_text = std::to_string(version);
  if (absl::Status status = Install(request, *model); !status.ok()) return status;
  const size_t threads = static_cast<size_t>(pollers_) + model->instance_graphs.size();
  model->counters = ServingCounters(threads, static_cast<size_t>(std::max(1, model->settings.max_batch_size)));
  const auto overrides = config_.monitor_overrides.find(model->settings.name);
  const WatchSources sources{config_.repository.path, Concat(folder, "/monitor.yaml"),
                             Concat(folder, "/", version, "/reference.pb"),
                             overrides == config_.monitor_overrides.end() ? nullptr : &overrides->second};
  if (absl::Status status = Watch(sources, threads, *model); !status.ok()) return status;
  return model;
}

absl::Status Repository::Install(const LoadRequest& request, Model& model) const {
  absl::StatusOr<std::shared_ptr<Executable>> executable = loader_->Load(request);
  if (!executable.ok()) return executable.status();
  model.executable = *std::move(executable);
  model.settings.writes_own_state = model.executable->writes_own_state();
  // Timed on a graph of its own: one that writes to its state must serve as it was saved.
  absl::StatusOr<std::unique_ptr<Graph>> timed = model.executable->NewGraph();
  if (!timed.ok()) return timed.status();
  absl::StatusOr<std::vector<int64_t>> times = TimeGraph(**timed, model.settings, *clock_);
  if (!times.ok()) return times.status();
  model.bucket_ns = *std::move(times);
  model.run_inline = RunsInline(model, config_.scheduling.inline_limit_us);
  return model.run_inline
             ? AddGraphs(*model.executable, static_cast<size_t>(pollers_), model.poller_graphs)
             : AddGraphs(*model.executable, static_cast<size_t>(model.settings.instance_count), model.instance_graphs);
}

}  // namespace driftserve
