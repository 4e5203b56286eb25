#include "server/batch/runner.h"

#include <iterator>

#include "server/base/device_fault.h"
#include "server/batch/access.h"
#include "server/batch/after_reply.h"
#include "server/batch/refusal.h"

namespace driftserve {
int64_t BatchRunner::Run(Graph& graph, absl::Span<std::unique_ptr<Inference>> batch) {
  const int64_t start_ns = thread_.clock->MonotonicNanos();
  DropHopeless(batch, start_ns);
  if (running_.empty()) {
    TapAll(answered_);
    return start_ns;
  }
  const int64_t end_ns = RunKept(graph, start_ns, true);
  TapAll(answered_);
  return end_ns;
}

int64_t BatchRunner::RunKept(Graph& graph, int64_t start_ns, bool whole) {
  ServingSlot& slot = running_[0]->model->counters.slot(thread_.index);
  slot.last_start_ns = start_ns;
  slot.running_since_ns.Set(static_cast<uint64_t>(start_ns));
  const absl::Status status = Execute(graph, start_ns, whole, slot);
  slot.running_since_ns.Set(0);
  const int64_t end_ns = thread_.clock->MonotonicNanos();
  slot.execute_duration.Observe(static_cast<uint64_t>(end_ns - start_ns));
  if (status.ok()) {
    CountBatch(start_ns, end_ns, slot);
  } else if (absl::IsResourceExhausted(status) && whole && running_.size() > 1) {
    return RunHalves(graph, slot);
  } else if (IsDeviceFault(status)) {
    slot.device_faults.Add();
    thread_.device_fault(running_[0]->model->settings.name, status);
  }
  ReplyToAll(status, start_ns, end_ns);
  if (status.ok()) CountOutput(static_cast<uint64_t>(thread_.clock->MonotonicNanos() - end_ns), slot);
  TapAll(running_);
  return end_ns;
}

int64_t BatchRunner::RunHalves(Graph& graph, ServingSlot& slot) {
  slot.halved_batches.Add();
  const auto middle = running_.begin() + static_cast<std::ptrdiff_t>(running_.size() / 2);
  std::vector<std::unique_ptr<Inference>> second(std::make_move_iterator(middle),
                                                 std::make_move_iterator(running_.end()));
  running_.erase(middle, running_.end());
  RunKept(graph, thread_.clock->MonotonicNanos(), false);
  running_ = std::move(second);
  return RunKept(graph, thread_.clock->MonotonicNanos(), false);
}

void BatchRunner::CountReply(const Inference& inference, absl::StatusCode code, int64_t start_ns, int64_t end_ns) {
  ServingSlot& slot = inference.model->counters.slot(thread_.index);
  slot.requests[static_cast<size_t>(inference.method)][static_cast<size_t>(code)].Add();
  const auto duration_ns = static_cast<uint64_t>(end_ns - inference.accepted_ns);
  slot.request_duration.Observe(duration_ns);
  if (code != absl::StatusCode::kOk) slot.failed_ns.Add(duration_ns);
  if (thread_.access == nullptr) return;
  LogAnswered(inference, inference.model->settings.name, code, start_ns, end_ns, thread_.clock->UnixNanos(),
              *thread_.access);
}

void BatchRunner::CountBatch(int64_t start_ns, int64_t end_ns, ServingSlot& slot) {
  const auto infer_ns = static_cast<uint64_t>(end_ns - start_ns);
  uint64_t queue_ns = 0;
  for (const std::unique_ptr<Inference>& inference : running_) {
    queue_ns += static_cast<uint64_t>(start_ns - inference->accepted_ns);
  }
  slot.queue_ns.Add(queue_ns);
  slot.infer_ns.Add(infer_ns * running_.size());
  slot.last_end_ns.Set(static_cast<uint64_t>(end_ns));
  BatchStatistics& batch = slot.batch(rows_);
  batch.infer_ns.Add(infer_ns);
  batch.count.Add();
}

void BatchRunner::CountOutput(uint64_t output_ns, ServingSlot& slot) {
  slot.output_ns.Add(output_ns * running_.size());
  slot.batch(rows_).output_ns.Add(output_ns);
}

void BatchRunner::DropHopeless(absl::Span<std::unique_ptr<Inference>> batch, int64_t now_ns) {
  running_.clear();
  size_t bytes = 0;
  for (const std::unique_ptr<Inference>& inference : batch) bytes += inference->decoded.byte_size;
  thread_.admission->Release(static_cast<int64_t>(batch.size()), bytes, batch[0]->model->holding);
  for (std::unique_ptr<Inference>& inference : batch) {
    if (const std::optional<Refusal> refusal = WhyNot(*inference, now_ns)) {
      Refuse(std::move(inference), *refusal);
    } else {
      running_.push_back(std::move(inference));
    }
  }
}

void BatchRunner::Refuse(std::unique_ptr<Inference> inference, Refusal refusal) {
  inference->model->counters.slot(thread_.index).refused[static_cast<size_t>(refusal)].Add();
  const int64_t now_ns = thread_.clock->MonotonicNanos();
  const absl::Status status = RefusalStatus(refusal, *inference, *thread_.admission, now_ns);
  const std::shared_ptr<ReplyOrder> order = inference->model->reply_order;
  const uint64_t ticket = inference->ticket;
  Refuse(std::move(inference), status);
  if (order != nullptr && ticket > 0) ReplyInOrder(*order, ticket, {});
}

void BatchRunner::Refuse(std::unique_ptr<Inference> inference, const absl::Status& status) {
  const int64_t now_ns = thread_.clock->MonotonicNanos();
  CountReply(*inference, status.code(), now_ns, now_ns);
  inference->Send(status);
  thread_.reclaim(std::move(inference));
}

absl::Status BatchRunner::Execute(Graph& graph, int64_t start_ns, bool whole, ServingSlot& slot) {
  items_.clear();
  rows_ = 0;
  for (const std::unique_ptr<Inference>& inference : running_) {
    items_.push_back({&inference->decoded.inputs, inference->decoded.rows});
    rows_ += inference->decoded.rows;
    if (whole) slot.queue_duration.Observe(static_cast<uint64_t>(start_ns - inference->accepted_ns));
  }
  slot.batch_rows.Observe(static_cast<uint64_t>(rows_));
  return graph.Run(items_, outputs_);
}

void BatchRunner::ReplyToAll(const absl::Status& status, int64_t start_ns, int64_t end_ns) {
  const std::shared_ptr<ReplyOrder> order = running_[0]->model->reply_order;
  int64_t first_row = 0;
  for (std::unique_ptr<Inference>& inference : running_) {
    const absl::Status reply = status.ok() ? inference->Encode(outputs_, first_row) : status;
    first_row += inference->decoded.rows;
    if (order == nullptr) {
      Reply(inference, reply, start_ns, end_ns);
    } else {
      const uint64_t ticket = inference->ticket;
      ReplyInOrder(*order, ticket, {std::move(inference), reply, start_ns});
    }
  }
}

void BatchRunner::Reply(std::unique_ptr<Inference>& inference, const absl::Status& status, int64_t start_ns,
                        int64_t end_ns) {
  CountReply(*inference, status.code(), start_ns, end_ns);
  if (!thread_.accepts && inference->model->watched != nullptr) inference->traceparent = inference->Traceparent();
  inference->Send(status);
  if (!status.ok()) thread_.reclaim(std::move(inference));
}

void BatchRunner::ReplyInOrder(ReplyOrder& order, uint64_t ticket, ReplyOrder::Answer answer) {
  order.Put(ticket, std::move(answer), [this](ReplyOrder::Answer due) {
    Reply(due.inference, due.status, due.start_ns, thread_.clock->MonotonicNanos());
    answered_.push_back(std::move(due.inference));
  });
}

void BatchRunner::TapAll(std::vector<std::unique_ptr<Inference>>& answered) {
  for (std::unique_ptr<Inference>& inference : answered) {
    if (inference == nullptr) continue;  // it failed
    std::unique_ptr<SampleOwner> spent;
    if (inference->model->watched != nullptr) {
      TapAnswered(inference, thread_.index, thread_.boot_id, *thread_.tap, spent);
    }
    if (inference != nullptr) thread_.reclaim(std::move(inference));
    if (spent != nullptr) thread_.reclaim(std::move(spent));
  }
  answered.clear();
}

}  // namespace driftserve
