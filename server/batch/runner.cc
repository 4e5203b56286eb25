#include "server/batch/runner.h"

#include "server/batch/after_reply.h"

namespace driftserve {
namespace {

void CountReply(const Inference& inference, size_t thread, absl::StatusCode code, int64_t now_ns) {
  ServingSlot& slot = inference.model->counters.slot(thread);
  slot.requests[static_cast<size_t>(inference.method)][static_cast<size_t>(code)].Add();
  slot.request_duration.Observe(static_cast<uint64_t>(now_ns - inference.accepted_ns));
}

}  // namespace

int64_t BatchRunner::Run(Graph& graph, absl::Span<std::unique_ptr<Inference>> batch) {
  const int64_t start_ns = thread_.clock->MonotonicNanos();
  DropHopeless(batch, start_ns);
  if (running_.empty()) return start_ns;
  const absl::Status status = Execute(graph, start_ns);
  const int64_t end_ns = thread_.clock->MonotonicNanos();
  running_[0]->model->counters.slot(thread_.index).execute_duration.Observe(static_cast<uint64_t>(end_ns - start_ns));
  ReplyToAll(status, end_ns);
  TapAll();
  return end_ns;
}

void BatchRunner::DropHopeless(absl::Span<std::unique_ptr<Inference>> batch, int64_t now_ns) {
  running_.clear();
  size_t bytes = 0;
  for (std::unique_ptr<Inference>& inference : batch) {
    bytes += inference->decoded.byte_size;
    if (inference->Cancelled()) {
      Refuse(std::move(inference), absl::CancelledError("the caller has gone away"));
    } else if (inference->deadline_ns < now_ns) {
      Refuse(std::move(inference), absl::DeadlineExceededError("the deadline passed while the request waited"));
    } else {
      running_.push_back(std::move(inference));
    }
  }
  thread_.admission->Release(static_cast<int64_t>(batch.size()), bytes);
}

void BatchRunner::Refuse(std::unique_ptr<Inference> inference, const absl::Status& status) {
  CountReply(*inference, thread_.index, status.code(), thread_.clock->MonotonicNanos());
  inference->Send(status);
  thread_.reclaim(std::move(inference));
}

absl::Status BatchRunner::Execute(Graph& graph, int64_t start_ns) {
  items_.clear();
  int64_t rows = 0;
  ServingSlot& slot = running_[0]->model->counters.slot(thread_.index);
  for (const std::unique_ptr<Inference>& inference : running_) {
    items_.push_back({&inference->decoded.inputs, inference->decoded.rows});
    rows += inference->decoded.rows;
    slot.queue_duration.Observe(static_cast<uint64_t>(start_ns - inference->accepted_ns));
  }
  slot.batch_rows.Observe(static_cast<uint64_t>(rows));
  return graph.Run(items_, outputs_);
}

void BatchRunner::ReplyToAll(const absl::Status& status, int64_t end_ns) {
  int64_t first_row = 0;
  for (const std::unique_ptr<Inference>& inference : running_) {
    if (status.ok()) inference->Encode(outputs_, first_row);
    first_row += inference->decoded.rows;
    CountReply(*inference, thread_.index, status.code(), end_ns);
    if (!thread_.accepts && inference->model->watched != nullptr) inference->traceparent = inference->Traceparent();
    inference->Send(status);
  }
  if (status.ok()) return;
  for (std::unique_ptr<Inference>& inference : running_) thread_.reclaim(std::move(inference));
  running_.clear();
}

void BatchRunner::TapAll() {
  for (std::unique_ptr<Inference>& inference : running_) {
    std::unique_ptr<SampleOwner> spent;
    if (inference->model->watched != nullptr) {
      TapAnswered(inference, thread_.index, thread_.boot_id, *thread_.tap, spent);
    }
    if (inference != nullptr) thread_.reclaim(std::move(inference));
    if (spent != nullptr) thread_.reclaim(std::move(spent));
  }
  running_.clear();
}

}  // namespace driftserve
