#include "server/observe/observer.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/hash.h"
#include "server/observe/event_builder.h"
#include "server/observe/model_watch.h"
#include "server/observe/recent_ids.h"
#include "server/observe/sample_reader.h"

namespace driftserve {
namespace {

constexpr auto kIdleWait = std::chrono::milliseconds(20);
constexpr size_t kBurst = 32;       // samples taken from one producer before the next one has its turn
constexpr size_t kPollEvery = 512;  // records published before delivery reports are served again

}  // namespace

/// Everything behind the header. `pending_` is handed over under a mutex; the rest belongs to the observer's thread.
class Observer::State {
 public:
  State(ObserverSettings settings, const Clock* clock, Tap* tap, Publisher* publisher, SnapshotBoard* board, Log log,
        LabelInbox* labels)
      : settings_(std::move(settings)), hash_key_(HashKeyFromText(settings_.hash_key)), clock_(clock), tap_(tap),
        publisher_(publisher), board_(board), log_(std::move(log)), inbox_(labels) {}

  struct Change {
    std::unique_ptr<ModelWatch> watch;  // null: stop watching `name`, `version`
    std::string name, version;
  };
  void Request(Change change) {
    std::lock_guard lock(pending_mutex_);
    pending_.push_back(std::move(change));
  }
  RecordOrigin Origin() const { return {settings_.boot_id, settings_.source, settings_.topic, hash_key_}; }

  size_t RunOnce();
  void Start();
  void Stop(int64_t flush_budget_ms);

  const ObserverSettings settings_;
  const std::optional<HashKey> hash_key_;
  const Clock* const clock_;
  std::atomic<int64_t> last_pass_ns_{0};

 private:
  void Loop();
  /// Whether there were any.
  bool ApplyChanges();
  void Apply(Change change);
  void Warn(const ModelWatch& watch);
  std::vector<std::unique_ptr<LabelReport>> TakeReports();
  size_t Drain();
  void Take(const Sample& sample);
  void Take(const LabelReport& report);
  ModelWatch* Find(const WatchedModel* model);
  void EvaluateDue();
  void Forget();

  Tap* const tap_;
  Publisher* const publisher_;
  SnapshotBoard* const board_;
  const Log log_;
  LabelInbox* const inbox_;  // may be null

  std::mutex pending_mutex_;  // guards pending_
  std::vector<Change> pending_;

  struct Watched {
    std::unique_ptr<ModelWatch> watch;
    std::shared_ptr<const ModelSnapshot> snapshot;
  };
  void Tell(const Watched& watched);

  std::vector<Watched> watched_;
  bool changed_ = false;  // what is watched, or what is known of it, since the last post
  RecentIds recent_ids_;
  size_t next_producer_ = 0;
  uint64_t record_seq_ = 0;
  uint64_t event_seq_ = 0;
  uint64_t unwatched_rows_ = 0;

  std::mutex wake_mutex_;  // guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

size_t Observer::State::RunOnce() {
  ApplyChanges();
  // Labels are taken before samples and joined after them: one that was reported for a sample of this pass finds it.
  const std::vector<std::unique_ptr<LabelReport>> reports = TakeReports();
  const size_t drained = Drain();
  for (const auto& report : reports) Take(*report);
  // Counts after rows: a row is counted before it is offered, so that no kept row is ahead of its count.
  const int64_t now_ns = clock_->UnixNanos();
  for (Watched& watched : watched_) watched.watch->CollectCounts(now_ns);
  publisher_->Poll(nullptr);
  EvaluateDue();
  Forget();
  last_pass_ns_.store(now_ns, std::memory_order_relaxed);
  return drained + reports.size();
}

bool Observer::State::ApplyChanges() {
  std::vector<Change> changes;
  {
    std::lock_guard lock(pending_mutex_);
    changes.swap(pending_);
  }
  for (Change& change : changes) Apply(std::move(change));
  changed_ = changed_ || !changes.empty();
  return !changes.empty();
}

void Observer::State::Apply(Change change) {
  for (Watched& watched : watched_) {
    if (!watched.watch->Is(change.name, change.version)) continue;
    watched.watch->Retire();
    watched.snapshot.reset();
  }
  if (change.watch == nullptr) return;
  Warn(*change.watch);
  watched_.push_back({std::move(change.watch), nullptr});
}

void Observer::State::Warn(const ModelWatch& watch) {
  if (!log_) return;
  const WatchedModelSettings& model = watch.model()->settings();
  const std::string which = absl::StrCat("model '", model.name, "' version ", model.version, ": ");
  if (!watch.unbound().empty()) {
    log_(LogLevel::kWarning, absl::StrCat(which, "the reference has ", absl::StrJoin(watch.unbound(), ", "),
                                          ", which monitor.yaml does not bind to a tensor: counted as missing; "
                                          "make reference.pb anew with `drift profile`"));
  }
  if (const auto names = watch.records().FieldsWithoutKey(); !names.empty()) {
    log_(LogLevel::kWarning, absl::StrCat(which, "record.fields hashes ", absl::StrJoin(names, ", "),
                                          ", but no hash key is configured: left out of the records"));
  }
}

// In turn, a burst from each producer, so that a busy one does not keep the others waiting; over all of them bounded,
// so that evaluations come in time.
size_t Observer::State::Drain() {
  const std::vector<TapProducer*> producers = tap_->producers();
  size_t drained = 0, idle = 0;
  while (idle < producers.size() && drained < kPassSamples) {
    TapProducer* const producer = producers[next_producer_++ % producers.size()];
    size_t burst = 0;
    for (; burst < kBurst; ++burst) {
      std::unique_ptr<Sample> sample = producer->Take();
      if (sample == nullptr) break;
      Take(*sample);
      producer->Return(std::move(sample));
    }
    drained += burst;
    idle = burst == 0 ? idle + 1 : 0;
  }
  return drained;
}

void Observer::State::Take(const Sample& sample) {
  ModelWatch* watch = Find(sample.model);
  // Of a model that began to serve after this pass did: its Watch came before its first request.
  if (watch == nullptr && ApplyChanges()) watch = Find(sample.model);
  if (watch == nullptr) {
    unwatched_rows_ += sample.rows.size();
    return;
  }
  if (!sample.request_id.empty()) {
    const uint64_t model = reinterpret_cast<uintptr_t>(watch->model());
    if (recent_ids_.CheckAndInsert(Hash64(sample.request_id, model))) watch->CountRepeatedId();
  }
  SampleReader reader(sample);
  for (const KeptRow& row : sample.rows) {
    publisher_->Publish(watch->Take(sample, row, reader, ++record_seq_));
    if (record_seq_ % kPollEvery == 0) publisher_->Poll(nullptr);
  }
}

std::vector<std::unique_ptr<LabelReport>> Observer::State::TakeReports() {
  std::vector<std::unique_ptr<LabelReport>> reports;
  if (inbox_ == nullptr) return reports;
  size_t labels = 0;
  for (LabelProducer* producer : inbox_->producers()) {
    while (labels < kPassLabels) {
      std::unique_ptr<LabelReport> report = producer->Take();
      if (report == nullptr) break;
      labels += report->labels.size();
      reports.push_back(std::move(report));
    }
  }
  return reports;
}

// A label goes to the version that has its prediction, and where none has, waits at the newest.
void Observer::State::Take(const LabelReport& report) {
  std::vector<LabelWatch*> versions;
  for (Watched& watched : watched_) {
    const bool same = watched.watch->model()->settings().name == report.model->settings().name;
    if (same && watched.watch->labels() != nullptr) versions.push_back(watched.watch->labels());
  }
  ModelWatch* const newest = Find(report.model.get());
  if (newest == nullptr || newest->labels() == nullptr) {
    report.model->labels().Add(LabelOutcome::kUnknown, report.labels.size());
    return;
  }
  for (const ReportedLabel& label : report.labels) {
    const auto known = std::find_if(versions.begin(), versions.end(),
                                    [&label](const LabelWatch* version) { return version->Knows(label); });
    (known == versions.end() ? newest->labels() : *known)->TakeLabel(label, report.received_ns);
  }
}

ModelWatch* Observer::State::Find(const WatchedModel* model) {
  for (Watched& watched : watched_) {
    if (watched.watch->model() == model) return watched.watch.get();
  }
  return nullptr;
}

void Observer::State::EvaluateDue() {
  const int64_t monotonic_ns = clock_->MonotonicNanos();
  for (Watched& watched : watched_) {
    if (!watched.watch->TakeTurn(monotonic_ns)) continue;
    watched.snapshot = watched.watch->Evaluate(clock_->UnixNanos());
    Tell(watched);
    changed_ = true;
  }
  if (!std::exchange(changed_, false)) return;
  auto snapshot = std::make_shared<ObserverSnapshot>();
  snapshot->time_ns = clock_->UnixNanos();
  snapshot->unwatched_rows = unwatched_rows_;
  for (const Watched& watched : watched_) {
    if (watched.snapshot != nullptr) snapshot->models.push_back(watched.snapshot);
  }
  board_->Post(std::move(snapshot));
}

void Observer::State::Tell(const Watched& watched) {
  const WatchedModelSettings& model = watched.watch->model()->settings();
  const ModelSnapshot& snapshot = *watched.snapshot;
  const EventOrigin origin = {settings_.boot_id, settings_.source, settings_.events_topic};
  for (const drift::StateChange& change : snapshot.evaluation.changes) {
    publisher_->Publish(BuildEvent(model, snapshot.evaluation, change, origin, ++event_seq_));
    if (log_ && IsNews(change)) log_(LevelOf(change), DescribeChange(model, change));
  }
}

void Observer::State::Forget() {
  std::erase_if(watched_, [](const Watched& watched) {
    return watched.watch->retired() && watched.watch->unreachable();
  });
}

void Observer::State::Start() { thread_ = std::thread([this] { Loop(); }); }

void Observer::State::Loop() {
  pthread_setname_np(pthread_self(), "observer");
  const std::string refused = PlaceThisThread(settings_.place);
  if (!refused.empty() && log_) log_(LogLevel::kWarning, absl::StrCat("the observer's thread: ", refused));
  while (true) {
    const size_t drained = RunOnce();
    std::unique_lock lock(wake_mutex_);
    if (drained < kPassSamples) wake_.wait_for(lock, kIdleWait, [this] { return stopping_; });
    if (stopping_) return;
  }
}

void Observer::State::Stop(int64_t flush_budget_ms) {
  {
    std::lock_guard lock(wake_mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  while (RunOnce() > 0) {
  }
  publisher_->Flush(flush_budget_ms);
  publisher_->Poll(nullptr);
}

Observer::Observer(ObserverSettings settings, const Clock* clock, Tap* tap, Publisher* publisher, SnapshotBoard* board,
                   Log log, LabelInbox* labels)
    : state_(std::make_unique<State>(std::move(settings), clock, tap, publisher, board, std::move(log), labels)) {}

Observer::~Observer() { state_->Stop(0); }

void Observer::Watch(std::shared_ptr<WatchedModel> model, std::shared_ptr<const drift::Reference> reference,
                     const drift::MonitorSettings& monitor) {
  const std::string name = model->settings().name, version = model->settings().version;
  state_->Request({std::make_unique<ModelWatch>(std::move(model), std::move(reference), monitor, state_->Origin(),
                                                state_->settings_.early_labels, state_->clock_->UnixNanos()),
                   name, version});
}

void Observer::Unwatch(const std::string& name, const std::string& version) {
  state_->Request({nullptr, name, version});
}

void Observer::Start() { state_->Start(); }
void Observer::Stop(int64_t flush_budget_ms) { state_->Stop(flush_budget_ms); }
size_t Observer::RunOnce() { return state_->RunOnce(); }
int64_t Observer::last_pass_ns() const { return state_->last_pass_ns_.load(std::memory_order_relaxed); }

}  // namespace driftserve
