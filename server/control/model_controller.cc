#include "server/control/model_controller.h"

#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "server/base/text.h"

namespace driftserve {
namespace {

// How often a call that waits asks whether its caller is still there.
constexpr auto kCallerCheck = std::chrono::milliseconds(50);
constexpr int64_t kSweepNanos = 10'000'000;
// The trial's process stays a while for the next load: starting it costs more than most trials.
constexpr int64_t kRestAfterNanos = 5'000'000'000;
constexpr int64_t kHourNanos = 3'600'000'000'000;

// Bounded, as it labels a metric.
std::string ReasonOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return "not_found";
    case absl::StatusCode::kInvalidArgument:
      return "invalid";
    case absl::StatusCode::kInternal:
      return "failed_to_run";
    case absl::StatusCode::kAborted:
      return "crashed";
    case absl::StatusCode::kDeadlineExceeded:
      return "timed_out";
    case absl::StatusCode::kResourceExhausted:
      return "out_of_memory";
    default:
      return "other";
  }
}

bool Holds(const std::vector<std::shared_ptr<Model>>& models, const std::shared_ptr<Model>& model) {
  return std::find(models.begin(), models.end(), model) != models.end();
}

std::string Text(const absl::Status& status) { return std::string(status.message().data(), status.message().size()); }

}  // namespace

ModelController::ModelController(ControlSettings settings, Repository* repository, Registry* registry, ModelHost* host,
                                 const Clock* clock, Log log)
    : settings_(settings),
      repository_(repository),
      registry_(registry),
      host_(host),
      clock_(clock),
      log_(std::move(log)) {}

ModelController::~ModelController() { Stop(); }

absl::Status ModelController::Start(const std::vector<std::string>& names) {
  for (const std::string& name : names) traces_[name] = repository_->Trace(name);
  next_poll_ns_ = clock_->MonotonicNanos() + settings_.poll_interval_ns;
  thread_ = std::thread([this] { Run(); });
  std::vector<std::string> faults;
  for (const std::string& name : names) {
    auto job = std::make_shared<Job>();
    job->task = Task::kLoad;
    job->name = name;
    const absl::Status status = Submit(std::move(job), nullptr);
    if (!status.ok()) faults.push_back(Text(status));
  }
  return faults.empty() ? absl::OkStatus() : absl::InvalidArgumentError(Join(faults, "\n"));
}

void ModelController::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  repository_->CancelTrial();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ModelController::ReleaseAll() {
  for (const std::shared_ptr<Model>& model : roster_.AllServed()) host_->Release(*model);
  for (const std::shared_ptr<Model>& model : retired_) host_->Release(*model);
}

absl::Status ModelController::Load(const std::string& name, LoadOverrides overrides, const Gone& gone) {
  auto job = std::make_shared<Job>();
  job->task = Task::kLoad;
  job->name = name;
  job->overrides = std::move(overrides);
  return Submit(std::move(job), gone);
}

absl::Status ModelController::Unload(const std::string& name, const Gone& gone) {
  if (!Knows(name)) return absl::NotFoundError(Concat("no model is called '", name, "'"));
  auto job = std::make_shared<Job>();
  job->task = Task::kUnload;
  job->name = name;
  return Submit(std::move(job), gone);
}

void ModelController::Poll() {
  auto job = std::make_shared<Job>();
  job->task = Task::kPoll;
  Submit(std::move(job), nullptr).IgnoreError();
}

absl::Status ModelController::Submit(std::shared_ptr<Job> job, const Gone& gone) {
  std::unique_lock lock(mutex_);
  if (stopping_) return absl::UnavailableError("the server is shutting down");
  if (queue_.size() >= kMaxWaiting) {
    return absl::ResourceExhaustedError(Concat(kMaxWaiting, " loads wait already; try again later"));
  }
  queue_.push_back(job);
  changed_.notify_all();
  while (!job->done) {
    changed_.wait_for(lock, kCallerCheck, [&] { return job->done; });
    if (job->done || gone == nullptr || !gone()) continue;
    if (!job->started) std::erase(queue_, job);
    return absl::CancelledError(
        Concat("the caller has gone away", job->started ? "; what it asked for is finished" : ""));
  }
  return job->status;
}

void ModelController::Run() {
  pthread_setname_np(pthread_self(), "loader");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::shared_ptr<Job> job = NextJob(lock);
    lock.unlock();
    if (job != nullptr) job->status = Do(*job);
    DoDuties();
    lock.lock();
    if (job == nullptr) continue;
    job->done = true;
    changed_.notify_all();
  }
  for (const std::shared_ptr<Job>& job : queue_) {
    job->status = absl::UnavailableError("the server is shutting down");
    job->done = true;
  }
  queue_.clear();
  changed_.notify_all();
}

std::shared_ptr<ModelController::Job> ModelController::NextJob(std::unique_lock<std::mutex>& lock) {
  changed_.wait_for(lock, std::chrono::nanoseconds(NanosToNextDuty()), [this] { return stopping_ || !queue_.empty(); });
  if (stopping_ || queue_.empty()) return nullptr;
  std::shared_ptr<Job> job = queue_.front();
  queue_.pop_front();
  job->started = true;
  return job;
}

int64_t ModelController::NanosToNextDuty() const {
  const int64_t now_ns = clock_->MonotonicNanos();
  int64_t wait_ns = kHourNanos;
  if (!retired_.empty()) wait_ns = kSweepNanos;
  if (rest_ns_ != 0) wait_ns = std::min(wait_ns, rest_ns_ - now_ns);
  if (settings_.mode == ControlMode::kPoll) wait_ns = std::min(wait_ns, next_poll_ns_ - now_ns);
  return std::max<int64_t>(wait_ns, 0);
}

void ModelController::DoDuties() {
  Sweep();
  if (settings_.mode == ControlMode::kPoll && clock_->MonotonicNanos() >= next_poll_ns_) DoPoll();
  if (rest_ns_ == 0 || clock_->MonotonicNanos() < rest_ns_) return;
  repository_->RestTrial();
  rest_ns_ = 0;
}

absl::Status ModelController::Do(const Job& job) {
  switch (job.task) {
    case Task::kLoad:
      return DoLoad(job.name, job.overrides);
    case Task::kUnload:
      DoUnload(job.name);
      break;
    case Task::kPoll:
      DoPoll();
      break;
  }
  return absl::OkStatus();
}

absl::Status ModelController::DoLoad(const std::string& name, const LoadOverrides& overrides) {
  const Versions before = roster_.Served(name);
  const bool known = Knows(name);
  if (known && before.empty()) {
    roster_.Show(name, "LOADING", "");
    registry_->Publish(roster_.Set());  // its requests are UNAVAILABLE from here on, not NOT_FOUND
  }
  const absl::StatusOr<Versions> models = repository_->LoadModel(name, overrides, before);
  const bool unchanged = models.ok() && *models == before;
  absl::Status status = models.status();
  if (models.ok() && !unchanged) status = Replace(name, *models);
  rest_ns_ = clock_->MonotonicNanos() + kRestAfterNanos;
  if (status.ok()) {
    roster_.CountLoad(name, unchanged ? "unchanged" : "ok", "");
    roster_.Show(name, "READY", "");
    return status;
  }
  roster_.CountLoad(known ? name : "", "failed", ReasonOf(status));
  const std::string reason = Concat("the last load failed: ", Text(status));
  if (known) roster_.Show(name, before.empty() ? "UNAVAILABLE" : "READY", reason);
  if (log_) {
    log_(LogLevel::kWarning, Concat("model '", name, "' was not loaded",
                                    before.empty() ? ": " : ", what was served goes on: ", Text(status)));
  }
  return status;
}

absl::Status ModelController::Replace(const std::string& name, const Versions& models) {
  const Versions before = roster_.Served(name);
  Versions added;
  for (const std::shared_ptr<Model>& model : models) {
    if (!Holds(before, model)) added.push_back(model);
  }
  if (absl::Status status = PrepareAll(added); !status.ok()) return status;
  for (const std::shared_ptr<Model>& model : added) host_->Watch(*model);
  Serve(name, models, before);
  return absl::OkStatus();
}

absl::Status ModelController::PrepareAll(const Versions& models) {
  for (size_t i = 0; i < models.size(); ++i) {
    const absl::Status status = host_->Prepare(models[i]);
    if (status.ok()) continue;
    for (size_t ready = 0; ready <= i; ++ready) host_->Release(*models[ready]);
    return status;
  }
  return absl::OkStatus();
}

void ModelController::Serve(const std::string& name, const Versions& models, const Versions& before) {
  roster_.SetServed(name, models);
  registry_->Publish(roster_.Set());
  host_->SetServing(name, !models.empty());
  host_->Settle();
  for (const std::shared_ptr<Model>& model : before) {
    if (Holds(models, model)) continue;
    const bool watched_anew = std::any_of(models.begin(), models.end(), [&](const std::shared_ptr<Model>& other) {
      return other->version == model->version && other->watched != nullptr;
    });
    if (!watched_anew) host_->Unwatch(*model);
    retired_.push_back(model);
  }
}

void ModelController::DoUnload(const std::string& name) {
  const Versions before = roster_.Served(name);
  if (before.empty()) return;
  roster_.Show(name, "UNLOADING", "");
  Serve(name, {}, before);
}

void ModelController::DoPoll() {
  next_poll_ns_ = clock_->MonotonicNanos() + settings_.poll_interval_ns;
  const absl::StatusOr<std::vector<std::string>> found = repository_->FindModels();
  if (!found.ok()) {
    if (log_) log_(LogLevel::kWarning, Concat("what is served stays: ", Text(found.status())));
    return;
  }
  for (const std::string& name : *found) {
    const uint64_t trace = repository_->Trace(name);
    const auto seen = traces_.find(name);
    if (seen != traces_.end() && seen->second == trace) continue;
    traces_[name] = trace;
    DoLoad(name, {}).IgnoreError();  // counted, logged and in the index
  }
  std::vector<std::string> gone;
  for (const auto& [name, trace] : traces_) {
    if (!std::binary_search(found->begin(), found->end(), name)) gone.push_back(name);
  }
  for (const std::string& name : gone) {
    traces_.erase(name);
    DoUnload(name);
  }
}

void ModelController::Sweep() {
  std::vector<std::string> names;
  std::erase_if(retired_, [&](std::shared_ptr<Model>& model) {
    if (model.use_count() > 1) return false;
    // The last other holder's writes come before what follows.
    std::atomic_thread_fence(std::memory_order_acquire);
    names.push_back(model->settings.name);
    host_->Release(*model);
    model.reset();
    return true;
  });
  if (names.empty()) return;
  malloc_trim(0);
  for (const std::string& name : names) {
    const bool more = std::any_of(retired_.begin(), retired_.end(), [&](const std::shared_ptr<Model>& model) {
      return model->settings.name == name;
    });
    if (!more) roster_.ShowUnloaded(name);
  }
}

std::vector<VersionState> ModelController::Index() const {
  const absl::StatusOr<std::vector<std::string>> found = repository_->FindModels();
  return roster_.Index(found.ok() ? *found : std::vector<std::string>());
}

}  // namespace driftserve
