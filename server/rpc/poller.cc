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
    if (!TakeEvent(pending_.empty())) break;
    if (drain_ || !pending_.empty()) Drain();
    if (pending_.empty()) continue;
    drain_ = accepted_in_turn_ > 1 || pending_.back()->accepted_ns - turn_end_ns_ < kWasWaitingNanos;
    RunPending();
  }
  while (!pending_.empty()) RunFirstGroup();
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
    const Model& model = *pending_[0]->model;
    const int64_t estimate = EstimateNanos(model.settings.buckets, model.bucket_ns, pending_[0]->decoded.rows);
    if (!FitsTurn(turn_end_ns_ - start_ns, estimate, settings_.turn_limit_ns, first)) return;
    RunFirstGroup();
  }
}

void Poller::RunFirstGroup() {
  const std::shared_ptr<Model> model = pending_[0]->model;
  batch_.clear();
  if (pending_.size() == 1) {
    batch_.push_back(std::move(pending_[0]));
    pending_.clear();
  } else {
    waiting_.clear();
    for (const auto& inference : pending_) {
      waiting_.push_back({inference->model.get(), &inference->decoded.inputs, inference->decoded.rows,
                          inference->accepted_ns, inference->deadline_ns});
    }
    NextBatch(waiting_, model->settings.max_batch_size, chosen_);
    for (const size_t index : chosen_) batch_.push_back(std::move(pending_[index]));
    std::erase_if(pending_, [](const auto& inference) { return inference == nullptr; });
  }
  turn_end_ns_ = runner_->Run(*model->poller_graphs[index_], absl::MakeSpan(batch_));
}

void Poller::Accept(std::unique_ptr<RpcInference> inference) {
  ++accepted_in_turn_;
  inference->accepted_ns = settings_.clock->MonotonicNanos();
  inference->sequence = ++sequence_;
  const absl::Status prepared = Prepare(*inference);
  if (!prepared.ok()) return Refuse(std::move(inference), prepared);
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
  if (absl::Status status = inference.Decode(settings_.limits); !status.ok()) return status;
  Identify(inference);
  SetDeadline(inference);
  const Model& chosen = *inference.model;
  const int64_t estimate = EstimateNanos(chosen.settings.buckets, chosen.bucket_ns, inference.decoded.rows);
  if (Hopeless(inference.accepted_ns, inference.deadline_ns, estimate)) {
    return absl::DeadlineExceededError(
        Concat("the deadline leaves ", (inference.deadline_ns - inference.accepted_ns) / 1000,
               " microseconds, and model '", chosen.settings.name, "' takes about ", estimate / 1000));
  }
  return settings_.admission->Admit(inference.decoded.byte_size);
}

void Poller::Identify(RpcInference& inference) {
  inference.request_id = inference.client_request_id();
  if (inference.model->watched == nullptr) return;
  inference.time_ns = settings_.clock->UnixNanos();
  ResolveStrata(inference);
  if (inference.request_id.empty()) {
    // Into the string that the recycled call brought: no allocation.
    inference.request_id.assign(id_prefix_);
    absl::StrAppend(&inference.request_id, absl::Hex(inference.sequence));
  }
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
  int64_t deadline = inference.CallerDeadlineNanos();
  int64_t timeout_ns = 0;
  if (__builtin_mul_overflow(inference.decoded.timeout_us, int64_t{1000}, &timeout_ns)) timeout_ns = 0;
  if (timeout_ns == 0) timeout_ns = inference.model->settings.default_timeout_us * 1000;
  if (timeout_ns == 0 && deadline == kNoDeadline) timeout_ns = settings_.default_timeout_ns;
  if (timeout_ns > 0 && timeout_ns < kNoDeadline - inference.accepted_ns) {
    deadline = std::min(deadline, inference.accepted_ns + timeout_ns);
  }
  inference.deadline_ns = deadline;
}

void Poller::Submit(std::unique_ptr<RpcInference> inference) {
  if (inference->model->run_inline) {
    pending_.push_back(std::move(inference));
    return;
  }
  const size_t bytes = inference->decoded.byte_size;
  InferenceQueue* const queue = inference->model->queue.get();
  std::unique_ptr<Inference> request = std::move(inference);
  const absl::Status status = queue->Enqueue(request);
  if (status.ok()) return;
  settings_.admission->Release(1, bytes);
  runner_->Refuse(std::move(request), status);
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
