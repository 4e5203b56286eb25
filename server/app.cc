#include "server/app.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "server/access_log/access_log.h"
#include "server/access_log/line_file.h"
#include "server/base/clock.h"
#include "server/base/text.h"
#include "server/base/thread_place.h"
#include "server/base/time_limit.h"
#include "server/batch/admission.h"
#include "server/batch/watchdog.h"
#include "server/control/model_controller.h"
#include "server/control/serving_host.h"
#include "server/execute/gpu_memory.h"
#include "server/execute/model_loader.h"
#include "server/execute/package_loader.h"
#include "server/execute/torchscript_loader.h"
#include "server/logging.h"
#include "server/metrics/nvml.h"
#include "server/metrics/operations.h"
#include "server/observe/keyed_hash.h"
#include "server/observe/observer.h"
#include "server/publish/kafka_publisher.h"
#include "server/publish/no_broker_publisher.h"
#include "server/repository/child_trial.h"
#include "server/repository/registry.h"
#include "server/repository/repository.h"
#include "server/rpc/grpc_server.h"
#include "server/tap/label_inbox.h"
#include "server/tap/tap.h"

namespace driftserve {
namespace {

// After the time to drain, for gRPC to cancel what is left and for runs that have begun to end.
constexpr std::chrono::seconds kReturn(5);

uint64_t RandomBootId() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "localhost";
}

absl::StatusOr<std::unique_ptr<Publisher>> MakePublisher(const KafkaConfig& config, const Clock* clock,
                                                         const Log& log) {
  if (config.brokers.empty()) return MakeNoBrokerPublisher();
  KafkaSettings settings;
  settings.brokers = config.brokers;
  settings.queue_messages = config.queue_messages;
  settings.queue_bytes = config.queue_bytes;
  settings.linger_ms = config.linger_ms;
  settings.delivery_timeout_ms = config.delivery_timeout_ms;
  settings.compression = config.compression;
  settings.properties = config.properties;
  return MakeKafkaPublisher(std::move(settings), clock, log);
}

std::unique_ptr<Trial> MakeTrial(const RepositoryConfig& config, Loader* loader, const Clock* clock) {
  if (config.trial != "child") return std::make_unique<InProcessTrial>(loader, clock, config.trial_timeout_ms);
  ChildTrialSettings settings;
  settings.timeout_ms = config.trial_timeout_ms;
  settings.memory_bytes = config.trial_memory_bytes;
  auto trial = std::make_unique<ChildTrial>(std::move(settings), clock);
  trial->Prepare();
  return trial;
}

absl::StatusOr<ThreadPlace> BackgroundPlace(const BackgroundConfig& config) {
  std::optional<std::vector<int>> cpus = ParseCpuList(config.cpus);
  if (cpus) return ThreadPlace{*std::move(cpus), config.niceness};
  return absl::InvalidArgumentError(
      Concat("background.cpus: expected a list of CPUs as in 0,2-3, got `", config.cpus, "`"));
}

/// On a thread in `place`, which librdkafka's threads then inherit.
absl::StatusOr<std::unique_ptr<Publisher>> MakePublisherIn(const ThreadPlace& place, const KafkaConfig& config,
                                                           const Clock* clock, const Log& log) {
  if (place.anywhere()) return MakePublisher(config, clock, log);
  absl::StatusOr<std::unique_ptr<Publisher>> publisher;
  std::thread maker([&] {
    const std::string refused = PlaceThisThread(place);
    publisher = refused.empty() ? MakePublisher(config, clock, log)
                                : absl::InvalidArgumentError(Concat("background.cpus, background.niceness: ", refused));
  });
  maker.join();
  return publisher;
}

int PollerCount(const GrpcConfig& config) {
  return config.pollers > 0 ? config.pollers : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

/// Who may name shared memory of this machine should be on it.
bool SharesMemory(const GrpcConfig& config) {
  if (config.shared_memory != "auto") return config.shared_memory == "on";
  const std::string host = config.address.substr(0, config.address.rfind(':'));
  return host == "localhost" || host == "[::1]" || host.rfind("127.", 0) == 0;
}

}  // namespace

/// Every part of the server, in the order of their dependencies: what is destroyed first uses what is destroyed later.
class App::Parts {
 public:
  Parts(ServerConfig config, std::string version, std::function<void()> on_device_fault,
        std::function<void()> on_stuck)
      : config_(std::move(config)),
        version_(std::move(version)),
        on_device_fault_(std::move(on_device_fault)),
        on_stuck_(std::move(on_stuck)),
        clock_(&Clock::System()),
        log_filter_(LeastLevel(config_.log)),
        log_(MakeLog(config_.log, &log_filter_)),
        boot_id_(RandomBootId()),
        unknown_(PollerCount(config_.grpc)),
        tap_({static_cast<size_t>(config_.tap.ring_samples), static_cast<size_t>(config_.tap.ring_bytes)}),
        labels_({static_cast<size_t>(config_.labels.ring_reports), static_cast<size_t>(config_.labels.ring_labels)}),
        admission_(config_.scheduling.max_pending_requests, config_.scheduling.max_pending_bytes) {}

  ~Parts() { Stop(); }

  bool Start(StartFailure& failure);
  void Stop();

 private:
  void StopServing();
  void EndStuck();
  void StopWatching();
  absl::Status StartPipeline();
  absl::Status StartAccessLog();
  absl::Status StartGrpc();
  absl::Status StartOperations();
  absl::Status LoadModels();
  void MakeControl();
  ServingState Serving() const;
  void LogTotals() const;
  void MakeWatchdog();
  std::string NotReady() const;
  void EndOnDeviceFault(const std::string& model, const absl::Status& fault);

  const ServerConfig config_;
  const std::string version_;
  const std::function<void()> on_device_fault_;
  const std::function<void()> on_stuck_;
  const Clock* const clock_;
  LogFilter log_filter_;
  const Log log_;
  const uint64_t boot_id_;

  Registry registry_;
  ServerState state_;
  HealthBoard health_;
  ServingCounters unknown_;  // requests for models that there are not
  Tap tap_;
  LabelInbox labels_;
  Admission admission_;
  std::unique_ptr<SharedRegions> regions_;  // null: no shared memory
  std::unique_ptr<Watchdog> watchdog_;     // null: there is none
  std::unique_ptr<AccessLog> access_log_;  // null: nothing is logged
  SnapshotBoard board_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Observer> observer_;
  std::unique_ptr<Loader> loader_;
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<ServingHost> host_;
  std::unique_ptr<ModelController> control_;
  std::unique_ptr<GrpcServer> grpc_;
  std::unique_ptr<Operations> operations_;
  std::atomic<bool> device_failed_ = false;
  std::atomic<bool> released_ = false;  // every model, whose counts the host has then
  bool stopped_ = false;
};

bool App::Parts::Start(StartFailure& failure) {
  const auto fail = [&](int code, const absl::Status& status) {
    failure = {code, std::string(status.message())};
    return false;
  };
  // First, so that the process in which models are tried starts while the rest does.
  loader_ = MakeModelLoader(MakeTorchScriptLoader(), MakePackageLoader());
  repository_ = std::make_unique<Repository>(config_, PollerCount(config_.grpc), loader_.get(), clock_,
                                             MakeTrial(config_.repository, loader_.get(), clock_));
  if (absl::Status status = StartPipeline(); !status.ok()) return fail(kExitBadConfiguration, status);
  if (absl::Status status = StartAccessLog(); !status.ok()) return fail(kExitBadConfiguration, status);
  MakeWatchdog();
  MakeControl();
  if (absl::Status status = StartGrpc(); !status.ok()) return fail(kExitUnavailable, status);
  if (absl::Status status = StartOperations(); !status.ok()) return fail(kExitUnavailable, status);
  if (absl::Status status = LoadModels(); !status.ok()) return fail(kExitBadConfiguration, status);
  state_.SetReady(true);
  health_.Set("", true);
  if (watchdog_ != nullptr) watchdog_->Start();
  log_(LogLevel::kInfo, Concat("ready: gRPC on port ", grpc_->port(), ", operations on port ", operations_->port()));
  return true;
}

absl::Status App::Parts::StartPipeline() {
  const std::string& hash_key = config_.kafka.hash_key;
  if (!hash_key.empty() && !HashKeyFromText(hash_key).has_value()) {
    return absl::InvalidArgumentError(
        Concat("kafka.hash_key: expected 32 hexadecimal digits, got ", hash_key.size(), " characters"));
  }
  const absl::StatusOr<ThreadPlace> place = BackgroundPlace(config_.background);
  if (!place.ok()) return place.status();
  absl::StatusOr<std::unique_ptr<Publisher>> publisher = MakePublisherIn(*place, config_.kafka, clock_, log_);
  if (!publisher.ok()) return publisher.status();
  publisher_ = *std::move(publisher);
  ObserverSettings settings;
  settings.boot_id = boot_id_;
  settings.source = Concat("driftserve/", HostName());
  settings.topic = config_.kafka.topic;
  settings.events_topic = config_.kafka.events_topic;
  settings.hash_key = config_.kafka.hash_key;
  settings.early_labels = {static_cast<size_t>(config_.labels.early_labels), config_.labels.early_ms * 1'000'000};
  settings.place = *place;
  observer_ = std::make_unique<Observer>(std::move(settings), clock_, &tap_, publisher_.get(), &board_, log_,
                                         &labels_);
  observer_->Start();
  return absl::OkStatus();
}

absl::Status App::Parts::StartAccessLog() {
  const AccessLogConfig& config = config_.access_log;
  if (config.rate <= 0 && config.slow_ms == 0) return absl::OkStatus();
  absl::StatusOr<LineSink> sink = OpenLineFile(config.path);
  if (!sink.ok()) return sink.status();
  AccessLogSettings settings;
  settings.rate = config.rate;
  settings.slow_ns = config.slow_ms * 1'000'000;
  settings.seed = boot_id_;
  access_log_ = std::make_unique<AccessLog>(settings, *std::move(sink));
  access_log_->Start();
  return absl::OkStatus();
}

absl::Status App::Parts::StartGrpc() {
  PollerSettings settings;
  settings.clock = clock_;
  settings.registry = &registry_;
  settings.state = &state_;
  settings.admission = &admission_;
  settings.tap = &tap_;
  settings.labels = &labels_;
  settings.unknown = &unknown_;
  settings.boot_id = boot_id_;
  settings.turn_limit_ns = config_.scheduling.turn_limit_us * 1000;
  settings.default_timeout_ns = config_.scheduling.default_timeout_ms * 1'000'000;
  settings.access_log = access_log_.get();
  settings.device_fault = [this](const std::string& model, const absl::Status& fault) {
    EndOnDeviceFault(model, fault);
  };
  ServiceSources sources;
  if (SharesMemory(config_.grpc)) {
    regions_ = std::make_unique<SharedRegions>(OpenGpuMemory(loader_->DeviceCount(DeviceKind::kGpu)));
    settings.limits.regions = regions_.get();
    settings.limits.shared_input_bytes = static_cast<uint64_t>(config_.grpc.max_message_bytes);
    sources.regions = regions_.get();
  }
  sources.log_filter = &log_filter_;
  sources.control = control_.get();
  sources.version = version_;
  health_.Set("", false);
  grpc_ = std::make_unique<GrpcServer>(config_.grpc, settings, &health_, std::move(sources));
  return grpc_->Start();
}

absl::Status App::Parts::StartOperations() {
  OperationsSources sources;
  sources.serving = [this] { return Serving(); };
  sources.not_ready = [this] { return NotReady(); };
  sources.board = &board_;
  sources.publisher = publisher_.get();
  sources.tap = &tap_;
  sources.labels = &labels_;
  sources.gpus = OpenNvml();
  sources.build.version = version_;
  HttpSettings settings;
  settings.address = config_.operations.address;
  settings.max_connections = config_.operations.max_connections;
  settings.read_timeout_ms = config_.operations.read_timeout_ms;
  operations_ = std::make_unique<Operations>(std::move(sources));
  return operations_->Listen(settings, clock_);
}

void App::Parts::MakeControl() {
  ServingHostSettings serving;
  serving.clock = clock_;
  serving.admission = &admission_;
  serving.tap = &tap_;
  serving.access_log = access_log_.get();
  serving.observer = observer_.get();
  serving.boot_id = boot_id_;
  serving.log = log_;
  serving.pollers = static_cast<size_t>(PollerCount(config_.grpc));
  serving.execute = [this](size_t poller, std::function<void()> work) {
    grpc_->pollers()[poller]->Execute(std::move(work));
  };
  serving.refresh = [this](size_t poller) { grpc_->pollers()[poller]->TurnToCurrentModels(); };
  serving.set_health = [this](const std::string& name, bool healthy) { health_.Set(name, healthy); };
  serving.device_fault = [this](const std::string& model, const absl::Status& fault) {
    EndOnDeviceFault(model, fault);
  };
  host_ = std::make_unique<ServingHost>(std::move(serving));
  ControlSettings settings;
  const std::string& control = config_.repository.control;
  settings.mode = control == "explicit" ? ControlMode::kExplicit
                  : control == "poll"   ? ControlMode::kPoll
                                        : ControlMode::kNone;
  settings.poll_interval_ns = config_.repository.poll_interval_ms * 1'000'000;
  control_ = std::make_unique<ModelController>(settings, repository_.get(), &registry_, host_.get(), clock_, log_);
}

absl::Status App::Parts::LoadModels() {
  const absl::StatusOr<std::vector<std::string>> names = repository_->ListModels();
  if (!names.ok()) return names.status();
  const bool on_request_only = control_->by_request() && config_.repository.models.empty();
  return control_->Start(on_request_only ? std::vector<std::string>() : *names);
}

ServingState App::Parts::Serving() const {
  ServingState state;
  state.pending_requests = static_cast<uint64_t>(std::max<int64_t>(0, admission_.pending_requests()));
  if (access_log_ != nullptr) {
    state.access_lines = AccessLineCounts{access_log_->written(), access_log_->dropped(), access_log_->failed()};
  }
  state.pending_bytes = static_cast<uint64_t>(std::max<int64_t>(0, admission_.pending_bytes()));
  const std::shared_ptr<const ModelSet> set = registry_.Current();
  for (const auto& [name, versions] : set->models) {
    for (const auto& [number, model] : versions) {
      const bool ready = state_.ready() && health_.Serving(name).value_or(false);
      state.versions.push_back(
          {name, model->version_text, ready, std::shared_ptr<const ServingCounters>(model, &model->counters)});
    }
  }
  for (LoadCount& load : control_->Loads()) {
    state.loads.push_back({std::move(load.model), std::move(load.outcome), std::move(load.reason), load.count});
  }
  state.versions.push_back({"", "", false, std::shared_ptr<const ServingCounters>(std::shared_ptr<void>(), &unknown_)});
  return state;
}

void App::Parts::MakeWatchdog() {
  if (config_.scheduling.watchdog_ms == 0) return;
  WatchdogSettings settings;
  settings.limit_ns = config_.scheduling.watchdog_ms * 1'000'000;
  settings.clock = clock_;
  settings.registry = &registry_;
  settings.log = log_;
  settings.set_health = [this](const std::string& name, bool healthy) { health_.Set(name, healthy); };
  watchdog_ = std::make_unique<Watchdog>(std::move(settings));
}

void App::Parts::EndOnDeviceFault(const std::string& model, const absl::Status& fault) {
  if (device_failed_.exchange(true)) return;
  state_.SetReady(false);
  health_.Close();
  log_(LogLevel::kError, Concat("the device of model '", model, "' failed for good, ending with exit code ",
                                static_cast<int>(kExitDeviceFault), ": ", fault.message()));
  on_device_fault_();
}

std::string App::Parts::NotReady() const {
  if (device_failed_) return "a device failed for good";
  if (state_.ready()) return watchdog_ != nullptr ? watchdog_->Complaint() : "";
  return health_.closed() ? "shutting down" : "loading models";
}

void App::Parts::Stop() {
  if (stopped_) return;
  stopped_ = true;
  log_(LogLevel::kInfo, "shutting down");
  state_.SetReady(false);
  if (watchdog_ != nullptr) watchdog_->Stop();
  health_.Close();
  {
    const std::chrono::milliseconds budget(config_.shutdown.lame_duck_ms + config_.shutdown.drain_timeout_ms);
    const TimeLimit limit(budget + kReturn, [this] { EndStuck(); });
    StopServing();
  }
  StopWatching();
}

/// Waits for everything that runs.
void App::Parts::StopServing() {
  if (control_ != nullptr) control_->Stop();
  if (config_.shutdown.lame_duck_ms > 0 && grpc_ != nullptr) {
    std::this_thread::sleep_for(std::chrono::milliseconds(config_.shutdown.lame_duck_ms));
  }
  if (grpc_ != nullptr) grpc_->Shutdown(config_.shutdown.drain_timeout_ms);
  // On a device that failed, freeing memory fails too.
  if (control_ == nullptr || device_failed_) return;
  control_->ReleaseAll();
  released_ = true;
}

/// Nothing ends a run but the end of the process. What was sampled before it goes to Kafka first.
void App::Parts::EndStuck() {
  const std::string complaint = watchdog_ != nullptr ? watchdog_->Complaint() : "";
  log_(LogLevel::kError, Concat("ending with exit code ", static_cast<int>(kExitDidNotReturn),
                                ": a run of a model has not returned within shutdown.drain_timeout_ms",
                                complaint.empty() ? "" : ": ", complaint));
  StopWatching();
  on_stuck_();
}

void App::Parts::StopWatching() {
  if (access_log_ != nullptr) access_log_->Stop();
  if (observer_ != nullptr) observer_->Stop(config_.kafka.flush_timeout_ms);
  operations_.reset();
  if (publisher_ != nullptr) LogTotals();
  log_(LogLevel::kInfo, "stopped");
}

/// The last word of the counters: no scrape sees what happened after the last one.
void App::Parts::LogTotals() const {
  RequestTotals requests = host_ != nullptr ? host_->past() : RequestTotals();
  requests.Add(unknown_);
  const std::shared_ptr<const ModelSet> served = registry_.Current();
  for (const auto& [name, versions] : served->models) {
    if (released_) break;
    for (const auto& [number, model] : versions) requests.Add(model->counters);
  }
  const PublishCounts records = publisher_->Counts();
  uint64_t dropped = 0;
  for (const uint64_t count : records.dropped) dropped += count;
  log_(LogLevel::kInfo,
       Concat("requests: ", requests.answered, " answered, ", requests.failed, " refused or failed; records: ",
              records.sampled, " sampled, ", records.acknowledged, " acknowledged, ", dropped, " dropped"));
}

App::App(ServerConfig config, std::string version, std::function<void()> on_device_fault,
         std::function<void()> on_stuck)
    : parts_(std::make_unique<Parts>(std::move(config), std::move(version), std::move(on_device_fault),
                                     std::move(on_stuck))) {}
App::~App() = default;
bool App::Start(StartFailure& failure) { return parts_->Start(failure); }
void App::Stop() { parts_->Stop(); }

}  // namespace driftserve
