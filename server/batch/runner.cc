#include "server/batch/runner.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/base/device_fault.h"
#include "server/batch/access.h"
#include "server/batch/after_reply.h"
#include "server/batch/refusal.h"

namespace driftserve {
namespace {

void CountDevice(const DeviceStatistics& statistics, DeviceCounters& counters) {
  counters.pinned_bytes.Set(statistics.pinned_bytes);
  counters.slabs.Set(statistics.slabs);
  counters.eager_batches.Set(statistics.eager_batches);
  counters.replayed_batches.Set(statistics.replayed_batches);
  counters.failed_recordings.Set(statistics.failed_recordings);
}

}  // namespace

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
  CollectItems(slot);
  if (whole) ObserveQueue(start_ns, slot);
  const absl::Status status = graph.Run(items_, outputs_);
  slot.running_since_ns.Set(0);
  return Conclude(graph, status, start_ns, whole, slot);
}

int64_t BatchRunner::Conclude(Graph& graph, const absl::Status& status, int64_t start_ns, bool whole,
                              ServingSlot& slot) {
  const int64_t end_ns = thread_.clock->MonotonicNanos();
  slot.execute_duration.Observe(static_cast<uint64_t>(end_ns - start_ns));
  if (status.ok()) {
    CountBatch(start_ns, end_ns, slot);
  } else if (absl::IsResourceExhausted(status) && whole && running_.size() > 1) {
    return RunHalves(graph, slot);
  } else {
    NoteDeviceFault(*running_[0]->model, status);
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

void BatchRunner::NoteDeviceFault(Model& model, const absl::Status& status) {
  if (!IsDeviceFault(status)) return;
  model.counters.slot(thread_.index).device_faults.Add();
  thread_.device_fault(model.settings.name, status);
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
  NoteDeviceFault(*inference->model, status);
  const int64_t now_ns = thread_.clock->MonotonicNanos();
  CountReply(*inference, status.code(), now_ns, now_ns);
  inference->Send(status);
  thread_.reclaim(std::move(inference));
}

void BatchRunner::CollectItems(ServingSlot& slot) {
  items_.clear();
  rows_ = 0;
  for (const std::unique_ptr<Inference>& inference : running_) {
    items_.push_back({&inference->decoded.inputs, inference->decoded.rows});
    rows_ += inference->decoded.rows;
  }
  slot.batch_rows.Observe(static_cast<uint64_t>(rows_));
}

void BatchRunner::ObserveQueue(int64_t start_ns, ServingSlot& slot) {
  for (const std::unique_ptr<Inference>& inference : running_) {
    slot.queue_duration.Observe(static_cast<uint64_t>(start_ns - inference->accepted_ns));
  }
}

void BatchRunner::Submit(AsyncGraph& graph, absl::Span<std::unique_ptr<Inference>> batch) {
  const int64_t start_ns = thread_.clock->MonotonicNanos();
  DropHopeless(batch, start_ns);
  if (running_.empty()) return TapAll(answered_);
  ServingSlot& slot = running_[0]->model->counters.slot(thread_.index);
  if (under_way_.empty()) slot.running_since_ns.Set(static_cast<uint64_t>(start_ns));
  CollectItems(slot);
  const absl::Status status = graph.Submit(items_);
  CountDevice(graph.statistics(), slot.device);
  UnderWay submitted{std::exchange(running_, {}), rows_, start_ns};
  if (status.ok()) {
    under_way_.push_back(std::move(submitted));
  } else {
    ConcludeSubmitted(graph, status, std::move(submitted));
  }
}

void BatchRunner::FinishOldest(AsyncGraph& graph) {
  UnderWay oldest = std::move(under_way_.front());
  under_way_.pop_front();
  const absl::Status status = graph.Finish(outputs_);
  ConcludeSubmitted(graph, status, std::move(oldest));
}

void BatchRunner::ConcludeSubmitted(AsyncGraph& graph, const absl::Status& status, UnderWay batch) {
  const bool halves = absl::IsResourceExhausted(status) && batch.requests.size() > 1;
  // They hold memory, and a graph runs no batch beside them.
  while (halves && !under_way_.empty()) FinishOldest(graph);
  running_ = std::move(batch.requests);
  rows_ = batch.rows;
  ServingSlot& slot = running_[0]->model->counters.slot(thread_.index);
  // It waited until the one before it had ended; the device was another's.
  const int64_t start_ns = std::max(batch.start_ns, last_end_ns_);
  ObserveQueue(start_ns, slot);
  last_end_ns_ = Conclude(graph, status, start_ns, true, slot);
  slot.running_since_ns.Set(under_way_.empty() ? 0 : static_cast<uint64_t>(last_end_ns_));
  TapAll(answered_);
}

void BatchRunner::ReplyToAll(const absl::Status& status, int64_t start_ns, int64_t end_ns) {
  const std::shared_ptr<ReplyOrder> order = running_[0]->model->reply_order;
  int64_t first_row = 0;
  for (std::unique_ptr<Inference>& inference : running_) {
    const absl::Status reply = status.ok() ? inference->Encode(outputs_, first_row) : status;
    if (!reply.ok() && status.ok()) NoteDeviceFault(*inference->model, reply);
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
