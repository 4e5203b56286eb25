#include "server/repository/repository.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "absl/status/status.h"
#include "server/base/clock.h"
#include "server/base/hash.h"
#include "server/base/text.h"
#include "server/execute/model_loader.h"
#include "server/repository/model_settings.h"
#include "server/repository/version_folders.h"
#include "server/repository/warm.h"
#include "server/repository/watch.h"

namespace driftserve {
namespace {

constexpr int64_t kMaxConfigBytes = int64_t{4} << 20;
constexpr int64_t kMaxMonitorBytes = int64_t{1} << 20;
constexpr int64_t kMaxReferenceBytes = int64_t{64} << 20;

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
  return settings.device == DeviceKind::kCpu && !settings.writes_own_state && !settings.needs_queue() &&
         settings.intra_op_threads == 1 && model.bucket_ns.back() <= limit_us * 1000;
}

absl::Status CheckOverrides(const std::string& name, const LoadOverrides& overrides) {
  if (!IsModelName(name)) {
    return absl::InvalidArgumentError(
        Concat("model_name: expected the name of a folder of the repository, got `", name, "`"));
  }
  if (!overrides.files.empty() && overrides.config.empty()) {
    return absl::InvalidArgumentError(
        "parameters: expected `config` beside `file:…`, as files of a request come without a config.pbtxt");
  }
  return CheckSentNames(overrides.files);
}

/// The faults of several versions as one status: the code that they share, else INVALID_ARGUMENT.
class Faults {
 public:
  void Add(const absl::Status& status) {
    code_ = texts_.empty() || code_ == status.code() ? status.code() : absl::StatusCode::kInvalidArgument;
    texts_.emplace_back(status.message().data(), status.message().size());
  }
  absl::Status ToStatus() const {
    return texts_.empty() ? absl::OkStatus() : absl::Status(code_, Join(texts_, "\n"));
  }

 private:
  absl::StatusCode code_ = absl::StatusCode::kOk;
  std::vector<std::string> texts_;
};

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
  absl::StatusOr<std::vector<std::string>> found = FindModels();
  const std::vector<std::string>& named = config_.repository.models;
  if (!found.ok() || named.empty()) return found;
  std::vector<std::string> faults;
  for (const std::string& name : named) {
    if (std::binary_search(found->begin(), found->end(), name)) continue;
    faults.push_back(Concat("repository.models: expected folders of ", config_.repository.path,
                            " that hold a model, got `", name, "`"));
  }
  if (!faults.empty()) return absl::NotFoundError(Join(faults, "\n"));
  return named;
}

absl::StatusOr<std::vector<std::string>> Repository::FindModels() const {
  const std::string& root = config_.repository.path;
  std::error_code error;
  if (!std::filesystem::is_directory(root, error)) {
    return absl::NotFoundError(
        Concat(root, ": expected a folder, the model repository; option --model-repository names it"));
  }
  // With control explicit they are what is loaded first, else all that is ever served.
  std::vector<std::string> names;
  if (config_.repository.control != "explicit") names = config_.repository.models;
  if (names.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
      names.push_back(entry.path().filename().string());
    }
  }
  std::erase_if(names, [this](const std::string& name) { return !Has(name); });
  std::sort(names.begin(), names.end());
  return names;
}

bool Repository::Has(const std::string& name) const {
  return IsModelName(name) && HoldsModel(Concat(config_.repository.path, "/", name));
}

uint64_t Repository::Trace(const std::string& name) const { return FolderTrace(config_.repository.path, name); }

absl::StatusOr<ConfigText> Repository::ReadConfig(const ModelFiles& files, const LoadOverrides& overrides) const {
  if (!overrides.config.empty()) return ParseConfigOverride("parameters.config", overrides.config);
  const std::string file = files.Place("config.pbtxt");
  const auto text = files.Read("config.pbtxt", kMaxConfigBytes);
  if (absl::IsNotFound(text.status())) return ConfigText{file, {}, nullptr};
  if (!text.ok()) return text.status();
  return ParseConfigText(file, **text);
}

absl::StatusOr<FileContent> Repository::ReadModelFile(const ModelFiles& files, int64_t version,
                                                      const inference::ModelConfig& config) const {
  const std::string name = Concat(version, "/", ModelFileName(config));
  if (IsPackage(name) && !config_.repository.allow_native_code) {
    return absl::InvalidArgumentError(
        Concat(files.Place(name), ": an AOTInductor package is native code, which may do anything that this server may;"
                                  " option repository.allow_native_code=true serves it"));
  }
  auto bytes = files.Read(name, config_.repository.trial_memory_bytes);
  if (!absl::IsNotFound(bytes.status())) return bytes;
  return absl::InvalidArgumentError(bytes.status().message());
}

void Repository::NameModelFile(const ModelFiles& files, int64_t newest, inference::ModelConfig& config) {
  if (!config.default_model_filename().empty() || files.Has(Concat(newest, "/model.pt"))) return;
  if (files.Has(Concat(newest, "/model.pt2"))) config.set_default_model_filename("model.pt2");
}

absl::StatusOr<ModelSettings> Repository::ReadSettings(const ModelFiles& files, const ConfigText& text,
                                                       const std::string& name, int64_t newest) const {
  const int gpus = loader_->DeviceCount(DeviceKind::kGpu);
  if (!NeedsSignature(text.config)) return MakeSettings(text, name, nullptr, gpus);
  const auto bytes = ReadModelFile(files, newest, text.config);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<ModuleSignature> signature =
      trial_->Signature(files.Place(Concat(newest, "/", ModelFileName(text.config))), *bytes);
  if (!signature.ok()) return signature.status();
  return MakeSettings(text, name, &*signature, gpus);
}

absl::StatusOr<Repository::VersionContent> Repository::ReadVersion(const ModelFiles& files,
                                                                   const ModelSettings& settings,
                                                                   int64_t version) const {
  VersionContent content;
  auto model = ReadModelFile(files, version, settings.config);
  if (!model.ok()) return model.status();
  content.model = *std::move(model);
  const auto read_optional = [&](const std::string& name, int64_t limit, FileContent& into) {
    auto bytes = files.Read(name, limit);
    if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
    if (bytes.ok()) into = *std::move(bytes);
    return bytes.status();
  };
  absl::Status status = read_optional("monitor.yaml", kMaxMonitorBytes, content.monitor);
  status.Update(read_optional(Concat(version, "/reference.pb"), kMaxReferenceBytes, content.reference));
  if (!status.ok()) return status;
  content.hash = Hash64(settings.config.SerializeAsString(), 1);
  for (const FileContent& file : {content.model, content.monitor, content.reference}) {
    content.hash = Hash64(file == nullptr ? std::string_view() : std::string_view(*file), content.hash);
  }
  return content;
}

absl::StatusOr<std::vector<std::shared_ptr<Model>>> Repository::LoadModel(
    const std::string& name, const LoadOverrides& overrides, const std::vector<std::shared_ptr<Model>>& served) {
  if (absl::Status status = CheckOverrides(name, overrides); !status.ok()) return status;
  const std::unique_ptr<ModelFiles> files =
      overrides.files.empty() ? FolderFiles(config_.repository.path, name) : SentFiles(name, overrides.files);
  if (overrides.files.empty() && !Has(name)) {
    return absl::NotFoundError(Concat(files->Place(""), ": expected a folder with a config.pbtxt and versions"));
  }
  absl::StatusOr<ConfigText> text = ReadConfig(*files, overrides);
  if (!text.ok()) return text.status();
  const auto versions = ChooseVersions(text->config.version_policy(), files->Versions(), files->Place(""));
  if (!versions.ok()) return versions.status();
  NameModelFile(*files, versions->back(), text->config);
  const absl::StatusOr<ModelSettings> settings = ReadSettings(*files, *text, name, versions->back());
  if (!settings.ok()) return settings.status();
  std::vector<std::shared_ptr<Model>> models;
  Faults faults;
  for (const int64_t version : *versions) {
    const absl::StatusOr<VersionContent> content = ReadVersion(*files, *settings, version);
    if (!content.ok()) {
      faults.Add(content.status());
      continue;
    }
    const auto same = std::find_if(served.begin(), served.end(), [&](const std::shared_ptr<Model>& model) {
      return model->version == version && model->content == content->hash;
    });
    absl::StatusOr<std::shared_ptr<Model>> model =
        same == served.end() ? LoadVersion(*files, *settings, version, *content) : *same;
    if (model.ok()) {
      models.push_back(*std::move(model));
    } else {
      faults.Add(model.status());
    }
  }
  if (absl::Status status = faults.ToStatus(); !status.ok()) return status;
  return models;
}

int Repository::RunnersOf(const ModelSettings& settings, int gpu) const {
  if (settings.device == DeviceKind::kCpu) return std::max(pollers_, settings.instance_count);
  return static_cast<int>(std::count(settings.gpus.begin(), settings.gpus.end(), gpu));
}

absl::StatusOr<std::shared_ptr<Model>> Repository::LoadVersion(const ModelFiles& files, ModelSettings settings,
                                                               int64_t version, const VersionContent& content) {
  LoadRequest request = MakeLoadRequest(settings, files.Place(Concat(version, "/", ModelFileName(settings.config))),
                                        content.model);
  request.runners = RunnersOf(settings, request.device_index);
  request.unpack_folder = config_.repository.native_code_folder;
  if (absl::Status status = trial_->Try(request, settings); !status.ok()) return status;
  auto model = std::make_shared<Model>();
  model->settings = std::move(settings);
  model->version = version;
  model->version_text = std::to_string(version);
  model->content = content.hash;
  if (absl::Status status = Install(request, *model); !status.ok()) return status;
  const size_t threads = static_cast<size_t>(pollers_) + model->instance_graphs.size();
  model->counters = ServingCounters(threads, static_cast<size_t>(std::max(1, model->settings.max_batch_size)));
  if (absl::Status status = WatchVersion(files, content, threads, *model); !status.ok()) return status;
  return model;
}

absl::Status Repository::WatchVersion(const ModelFiles& files, const VersionContent& content, size_t threads,
                                      Model& model) const {
  const auto overrides = config_.monitor_overrides.find(model.settings.name);
  const WatchSources sources{files.Place("monitor.yaml"), files.Place(Concat(model.version, "/reference.pb")),
                             content.monitor, content.reference,
                             overrides == config_.monitor_overrides.end() ? nullptr : &overrides->second};
  return Watch(sources, threads, model);
}

absl::Status Repository::Install(const LoadRequest& request, Model& model) const {
  absl::StatusOr<std::shared_ptr<Executable>> executable = loader_->Load(request);
  if (!executable.ok()) return executable.status();
  model.executables = {*std::move(executable)};
  Executable& first = *model.executables[0];
  model.settings.writes_own_state = first.writes_own_state();
  // Timed on a graph of its own: one that writes to its state must serve as it was saved.
  absl::StatusOr<std::unique_ptr<Graph>> timed = first.NewGraph();
  if (!timed.ok()) return timed.status();
  absl::StatusOr<std::vector<int64_t>> times = TimeGraph(**timed, model.settings, *clock_);
  if (!times.ok()) return times.status();
  model.bucket_ns = *std::move(times);
  model.run_inline = RunsInline(model, config_.scheduling.inline_limit_us);
  if (model.run_inline) return AddGraphs(first, static_cast<size_t>(pollers_), model.poller_graphs);
  if (model.settings.device == DeviceKind::kGpu) return InstallOnGpus(request, model);
  return AddGraphs(first, static_cast<size_t>(model.settings.instance_count), model.instance_graphs);
}

absl::Status Repository::InstallOnGpus(LoadRequest request, Model& model) const {
  std::map<int, Executable*> by_gpu = {{request.device_index, model.executables[0].get()}};
  for (const int gpu : model.settings.gpus) {
    Executable*& executable = by_gpu[gpu];
    if (executable == nullptr) {
      request.device_index = gpu;
      request.runners = RunnersOf(model.settings, gpu);
      absl::StatusOr<std::shared_ptr<Executable>> loaded = loader_->Load(request);
      if (!loaded.ok()) return loaded.status();
      model.executables.push_back(*std::move(loaded));
      executable = model.executables.back().get();
    }
    absl::Status status = AddGraphs(*executable, model.instance_graphs.size() + 1, model.instance_graphs);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace driftserve
