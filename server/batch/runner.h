#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "server/access_log/access_log.h"
#include "server/base/clock.h"
#include "server/batch/admission.h"
#include "server/batch/inference.h"
#include "server/batch/reply_order.h"
#include "server/execute/async_graph.h"
#include "server/tap/tap.h"

namespace driftserve {

/// What a thread that runs batches brings along.
struct ServingThread {
  size_t index = 0;  // its slot in every model's counters
  const Clock* clock = nullptr;
  Admission* admission = nullptr;
  TapProducer* tap = nullptr;
  AccessLogProducer* access = nullptr;  // null: nothing is logged
  uint64_t boot_id = 0;
  /// True where the thread that accepted a request also runs it: the call outlives Send until the thread turns to
  /// its queue again.
  bool accepts = false;
  /// Told when the device of a model failed for good: from any thread, perhaps often.
  std::function<void(const std::string& model, const absl::Status& fault)> device_fault;
  /// Takes what is spent (an Inference) for use again.
  std::function<void(std::unique_ptr<SampleOwner>)> reclaim;
};

/// Runs batches on one thread: drops what is expired or cancelled, runs the rest, replies to each, and only then taps.
/// A batch of several requests for which memory ran out is run once more in two halves.
/// Not thread-safe; one per serving thread.
class BatchRunner {
 public:
  explicit BatchRunner(ServingThread thread) : thread_(std::move(thread)) {}

  /// Takes over every request of `batch`, all of one model and compatible shapes. Returns the time of the moment it
  /// ended, monotonic nanoseconds.
  int64_t Run(Graph& graph, absl::Span<std::unique_ptr<Inference>> batch);

  /// As Run, but returns while the batch runs; FinishOldest ends it. When memory runs out, every batch under way ends
  /// before the halves are tried. REQUIRES: graph.under_way() < graph.depth(), and no Run meanwhile.
  void Submit(AsyncGraph& graph, absl::Span<std::unique_ptr<Inference>> batch);
  /// Waits for the batch that was submitted first and answers it. REQUIRES: graph.under_way() > 0.
  void FinishOldest(AsyncGraph& graph);

  /// Replies to one request that does not run: the caller's fault, or for `refusal`, which is counted.
  void Refuse(std::unique_ptr<Inference> inference, const absl::Status& status);
  void Refuse(std::unique_ptr<Inference> inference, Refusal refusal);

  size_t thread() const { return thread_.index; }

 private:
  /// A batch that was submitted.
  struct UnderWay {
    std::vector<std::unique_ptr<Inference>> requests;
    int64_t rows;
    int64_t start_ns;
  };

  void DropHopeless(absl::Span<std::unique_ptr<Inference>> batch, int64_t now_ns);
  /// Runs and answers `running_`. `whole`: it may be halved.
  int64_t RunKept(Graph& graph, int64_t start_ns, bool whole);
  int64_t RunHalves(Graph& graph, ServingSlot& slot);
  void CollectItems(ServingSlot& slot);
  void ObserveQueue(int64_t start_ns, ServingSlot& slot);
  /// Counts and answers `running_`, which ended with `status`; runs it again where memory ran out and it may be halved.
  int64_t Conclude(Graph& graph, const absl::Status& status, int64_t start_ns, bool whole, ServingSlot& slot);
  /// Concludes a batch of `graph`, which was under way or could not be.
  void ConcludeSubmitted(AsyncGraph& graph, const absl::Status& status, UnderWay batch);
  /// Counts and tells where the device failed for good, in a run or in a copy from or to shared memory.
  void NoteDeviceFault(Model& model, const absl::Status& status);
  void CountReply(const Inference& inference, absl::StatusCode code, int64_t start_ns, int64_t end_ns);
  void CountBatch(int64_t start_ns, int64_t end_ns, ServingSlot& slot);
  void CountOutput(uint64_t output_ns, ServingSlot& slot);
  void ReplyToAll(const absl::Status& status, int64_t start_ns, int64_t end_ns);
  void Reply(std::unique_ptr<Inference>& inference, const absl::Status& status, int64_t start_ns, int64_t end_ns);
  /// Where answers leave in order: hands this one over, null where it was refused, and sends what is due.
  void ReplyInOrder(ReplyOrder& order, uint64_t ticket, ReplyOrder::Answer answer);
  void TapAll(std::vector<std::unique_ptr<Inference>>& answered);

  const ServingThread thread_;
  std::vector<std::unique_ptr<Inference>> running_;
  std::vector<std::unique_ptr<Inference>> answered_;  // in order, of this batch and of earlier ones
  std::vector<BatchItem> items_;
  TensorList outputs_;
  int64_t rows_ = 0;  // of the running batch
  std::deque<UnderWay> under_way_;
  int64_t last_end_ns_ = 0;  // of a batch that was submitted
};

}  // namespace driftserve
