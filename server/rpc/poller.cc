#include "server/rpc/poller.h"

#include <grpc/support/time.h>
#include <pthread.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/text.h"
#include "server/batch/access.h"
#include "server/decode/strata.h"

namespace driftserve {
namespace {

// Most events taken off the queue before the requests among them run.
constexpr int kDrainEvents = 1024;
// A request that is read this soon after the last turn's end was waiting already: no client answers a reply so fast.
constexpr int64_t kWasWaitingNanos = 5'000;
// Sequences of different pollers never meet.
constexpr int kSequenceBits = 48;

/// A function carried through the completion queue; deletes itself when it has run.
class WorkTag final : public Tag {
 public:
  explicit WorkTag(std::function<void()> work) : work_(std::move(work)) {}
  void Send(grpc::CompletionQueue* queue) { alarm_.Set(queue, gpr_time_0(GPR_CLOCK_MONOTONIC), this); }
  void OnEvent(bool) override {
    work_();
    delete this;
  }

 private:
  std::function<void()> work_;
  grpc::Alarm alarm_;
};

}  // namespace

Poller::Poller(size_t index, std::unique_ptr<grpc::ServerCompletionQueue> queue, const PollerSettings& settings)
    : index_(index),
      queue_(std::move(queue)),
      settings_(settings),
      id_prefix_(absl::StrFormat("%016x-", settings.boot_id)),
      models_(settings.registry),
      tap_(settings.tap->AddProducer()),
      access_(settings.access_log == nullptr ? nullptr : settings.access_log->AddProducer()),
      sequence_(uint64_t{index} << kSequenceBits) {
  ServingThread thread;
  thread.index = index;
  thread.clock = settings.clock;
  thread.admission = settings.admission;
  thread.tap = tap_;
  thread.access = access_;
  thread.boot_id = settings.boot_id;
  thread.accepts = true;
  thread.device_fault = settings.device_fault;
  thread.reclaim = [this](std::unique_ptr<SampleOwner> spent) { reclaim_(std::move(spent)); };
  runner_ = std::make_unique<BatchRunner>(std::move(thread));
}

Poller::~Poller() { Join(); }

void Poller::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Poller::Join() {
  if (thread_.joinable()) thread_.join();
}

void Poller::Execute(std::function<void()> work) { (new WorkTag(std::move(work)))->Send(queue_.get()); }

void Poller::CloseCall() {
  if (--open_calls_ == 0 && when_idle_) std::exchange(when_idle_, nullptr)();
}

void Poller::WhenIdle(std::function<void()> then) {
  when_idle_ = std::move(then);
  if (open_calls_ == 0) std::exchange(when_idle_, nullptr)();
}

void Poller::Run() {
  pthread_setname_np(pthread_self(), Concat("poller/", index_).c_str());
  while (more_events_) {
    accepted_in_turn_ = 0;
    unix_offset_ns_.reset();
    if (!TakeEvent(pending_.empty())) break;
    if (drain_ || !pending_.empty()) Drain();
    if (pending_.empty()) continue;
    drain_ = accepted_in_turn_ > 1 || pending_.back()->accepted_ns - turn_end_ns_ < kWasWaitingNanos;
    RunPending();
  }
  while (!pending_.empty()) RunNextGroup(0, true);
}

bool Poller::TakeEvent(bool wait) {
  void* tag;
  bool ok;
  const gpr_timespec until = wait ? gpr_inf_future(GPR_CLOCK_MONOTONIC) : gpr_time_0(GPR_CLOCK_MONOTONIC);
  switch (queue_->AsyncNext(&tag, &ok, until)) {
    case grpc::CompletionQueue::GOT_EVENT:
      static_cast<Tag*>(tag)->OnEvent(ok);
      return true;
    case grpc::CompletionQueue::TIMEOUT:
      return true;
    case grpc::CompletionQueue::SHUTDOWN:
      more_events_ = false;
      return false;
  }
  return false;
}

void Poller::Drain() {
  const gpr_timespec now = gpr_time_0(GPR_CLOCK_MONOTONIC);
  void* tag;
  bool ok;
  for (int i = 0; i < kDrainEvents; ++i) {
    const auto result = queue_->AsyncNext(&tag, &ok, now);
    if (result == grpc::CompletionQueue::SHUTDOWN) more_events_ = false;
    if (result != grpc::CompletionQueue::GOT_EVENT) return;
    static_cast<Tag*>(tag)->OnEvent(ok);
  }
}

void Poller::RunPending() {
  const int64_t start_ns = settings_.clock->MonotonicNanos();
  turn_end_ns_ = start_ns;
  for (bool first = true; !pending_.empty(); first = false) {
    if (!RunNextGroup(turn_end_ns_ - start_ns, first)) return;
  }
}

bool Poller::RunNextGroup(int64_t spent_ns, bool first) {
  if (pending_.size() == 1) {
    chosen_.assign(1, 0);
  } else {
    ChooseGroup();
  }
  const std::shared_ptr<Model> model = pending_[chosen_[0]]->model;
  int64_t rows = 0;
  for (const size_t index : chosen_) rows += pending_[index]->decoded.rows;
  const int64_t estimate = EstimateNanos(model->settings.buckets, model->bucket_ns, rows);
  if (!FitsTurn(spent_ns, estimate, settings_.turn_limit_ns, first)) return false;
  model->counters.slot(index_).waiting_rows -= rows;
  batch_.clear();
  for (const size_t index : chosen_) batch_.push_back(std::move(pending_[index]));
  if (batch_.size() == pending_.size()) {
    pending_.clear();
  } else {
    std::erase(pending_, nullptr);
  }
  turn_end_ns_ = runner_->Run(*model->poller_graphs[index_], absl::MakeSpan(batch_));
  return true;
}

void Poller::ChooseGroup() {
  waiting_.clear();
  for (const auto& inference : pending_) {
    waiting_.push_back({inference->model.get(), &inference->decoded.inputs, inference->decoded.rows,
                        inference->accepted_ns, inference->deadline_ns,
                        inference->model->counters.slot(index_).last_start_ns});
  }
  const size_t first = NextModel(waiting_);
  const ModelSettings& settings = pending_[first]->model->settings;
  NextBatch(std::span(waiting_).subspan(first), {settings.max_batch_size, settings.preferred_sizes}, chosen_);
  for (size_t& index : chosen_) index += first;
  if (chosen_.size() > 1 && BetterAlone()) chosen_.resize(1);
}

/// A size that config.pbtxt prefers is what the model's owner wants, whatever it costs.
bool Poller::BetterAlone() const {
  const Model& model = *pending_[chosen_[0]]->model;
  const ModelSettings& settings = model.settings;
  if (pending_[chosen_[0]]->decoded.byte_size < kLargeRequestBytes || !settings.preferred_sizes.empty()) return false;
  size_t bytes = 0;
  int64_t rows = 0, alone_ns = 0;
  for (const size_t index : chosen_) {
    const DecodedRequest& request = pending_[index]->decoded;
    bytes += request.byte_size;
    rows += request.rows;
    alone_ns += EstimateNanos(settings.buckets, model.bucket_ns, request.rows);
  }
  return CopyingCostsMore(bytes, EstimateNanos(settings.buckets, model.bucket_ns, rows), alone_ns);
}

void Poller::Accept(std::unique_ptr<RpcInference> inference) {
  ++accepted_in_turn_;
  inference->accepted_ns = settings_.clock->MonotonicNanos();
  inference->sequence = ++sequence_;
  const absl::Status prepared = Prepare(*inference);
  if (!prepared.ok()) return Refuse(std::move(inference), prepared);
  if (const std::optional<Refusal> refusal = Admit(*inference)) {
    return runner_->Refuse(std::move(inference), *refusal);
  }
  Submit(std::move(inference));
}

absl::Status Poller::Prepare(RpcInference& inference) {
  absl::StatusOr<std::shared_ptr<Model>> model =
      models_.models().Find(inference.model_name(), inference.model_version());
  if (!model.ok()) {
    if (absl::IsNotFound(model.status()) && !settings_.state->ready()) {
      return absl::UnavailableError("the server is still loading its models; try again later");
    }
    return model.status();
  }
  inference.model = *std::move(model);
  inference.request_id = inference.client_request_id();
  if (inference.model->settings.canary_share < 1 && inference.model_version().empty()) {
    GiveRequestId(inference);
    inference.model = *models_.models().Choose(inference.model_name(), inference.request_id);
  }
  if (absl::Status status = inference.Decode(settings_.limits); !status.ok()) return status;
  Identify(inference);
  SetDeadline(inference);
  return absl::OkStatus();
}

/// By what waits on this poller before it, of its own model: models take turns.
bool Poller::CannotEndInTime(const RpcInference& inference) const {
  const Model& model = *inference.model;
  const int64_t estimate = EstimateNanos(model.settings.buckets, model.bucket_ns, inference.decoded.rows);
  int64_t start_ns = inference.accepted_ns;
  if (const int64_t ahead = model.counters.slot(index_).waiting_rows; ahead > 0 && !model.bucket_ns.empty()) {
    start_ns = EarliestStart(ahead, model.settings.max_batch_size, model.bucket_ns.back(), {&start_ns, 1});
  }
  return Hopeless(start_ns, inference.deadline_ns, estimate);
}

std::optional<Refusal> Poller::Admit(const RpcInference& inference) {
  const Model& model = *inference.model;
  if (inference.deadline_ns != kNoDeadline && CannotEndInTime(inference)) return Refusal::kHopeless;
  // Where there is a queue it holds the bound itself. Here requests that are admitted by other pollers in the same
  // moment may go beyond it.
  const int most = model.settings.levels[0].max_queue_size;
  if (most > 0 && model.run_inline && model.holding.requests.load(std::memory_order_relaxed) >= most) {
    return Refusal::kQueueFull;
  }
  const bool alone = models_.models().models.size() == 1;
  return settings_.admission->Admit(inference.decoded.byte_size, model.holding, alone);
}

void Poller::Identify(RpcInference& inference) {
  if (inference.model->watched == nullptr) return;
  if (!unix_offset_ns_) unix_offset_ns_ = settings_.clock->UnixNanos() - inference.accepted_ns;
  inference.time_ns = inference.accepted_ns + *unix_offset_ns_;
  ResolveStrata(inference);
  GiveRequestId(inference);
}

void Poller::GiveRequestId(RpcInference& inference) {
  if (!inference.request_id.empty()) return;
  // Into the string that the recycled call brought: no allocation.
  inference.request_id.assign(id_prefix_);
  absl::StrAppend(&inference.request_id, absl::Hex(inference.sequence));
}

void Poller::ResolveStrata(RpcInference& inference) {
  const WatchedModel& model = *inference.model->watched;
  const WatchedModelSettings& settings = model.settings();
  switch (settings.stratum_source) {
    case StratumSource::kNone:
      inference.decoded.strata.assign(1, 0);
      break;
    case StratumSource::kFeature:
      ResolveStrataFromFeature(model, inference.decoded);
      break;
    case StratumSource::kParameter:
      ResolveStrataFromText(model, inference.ParameterNamed(settings.stratum_name), inference.decoded);
      break;
    case StratumSource::kMetadata:
      ResolveStrataFromText(model, inference.MetadataNamed(settings.stratum_name), inference.decoded);
      break;
  }
}

void Poller::SetDeadline(RpcInference& inference) {
  constexpr int64_t kLongestMicros = kNoDeadline / 2000;
  const ModelSettings& settings = inference.model->settings;
  inference.level = settings.LevelOf(inference.decoded.priority);
  const QueuePolicy& policy = settings.levels[inference.level];
  inference.deadline_ns = inference.CallerDeadlineNanos();
  // A caller may ask for less than the model's own limit, never for more.
  int64_t timeout_us = policy.default_timeout_us;
  const int64_t own_us = std::min(inference.decoded.timeout_us, kLongestMicros);
  if (own_us > 0 && (timeout_us == 0 || own_us < timeout_us)) timeout_us = own_us;
  int64_t timeout_ns = timeout_us * 1000;
  if (timeout_ns == 0) {
    if (inference.deadline_ns != kNoDeadline || settings_.default_timeout_ns == 0) return;
    timeout_ns = settings_.default_timeout_ns;
  } else if (policy.delays) {
    inference.late_ns = inference.accepted_ns + timeout_ns;
    return;
  }
  inference.deadline_ns = std::min(inference.deadline_ns, inference.accepted_ns + timeout_ns);
}

void Poller::Submit(std::unique_ptr<RpcInference> inference) {
  if (inference->model->run_inline) {
    inference->model->counters.slot(index_).waiting_rows += inference->decoded.rows;
    pending_.push_back(std::move(inference));
    return;
  }
  const std::shared_ptr<Model> model = inference->model;
  const size_t bytes = inference->decoded.byte_size;
  std::unique_ptr<Inference> request = std::move(inference);
  const std::optional<Refusal> refusal = model->queue->Enqueue(request);
  if (!refusal) return;
  settings_.admission->Release(1, bytes, model->holding);
  runner_->Refuse(std::move(request), *refusal);
}

void Poller::RefuseUnreadable(std::unique_ptr<RpcInference> inference) {
  inference->accepted_ns = settings_.clock->MonotonicNanos();
  inference->sequence = ++sequence_;
  RefuseUnknown(std::move(inference), absl::InvalidArgumentError("the message is not a ModelInferRequest"));
}

void Poller::Refuse(std::unique_ptr<RpcInference> inference, const absl::Status& status) {
  if (inference->model == nullptr) return RefuseUnknown(std::move(inference), status);
  runner_->Refuse(std::move(inference), status);
}

void Poller::RefuseUnknown(std::unique_ptr<RpcInference> inference, const absl::Status& status) {
  settings_.unknown->slot(index_)
      .requests[static_cast<size_t>(inference->method)][static_cast<size_t>(status.code())]
      .Add();
  if (access_ != nullptr) {
    const int64_t now_ns = settings_.clock->MonotonicNanos();
    LogAnswered(*inference, inference->model_name(), status.code(), now_ns, now_ns, settings_.clock->UnixNanos(),
                *access_);
  }
  inference->Send(status);
  reclaim_(std::move(inference));
}

}  // namespace driftserve
