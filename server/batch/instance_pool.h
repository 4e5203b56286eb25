#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/batch/inference.h"
#include "server/batch/runner.h"
#include "server/batch/waiting_list.h"

namespace driftserve {

/// The executor threads of one model whose batches are too long for the pollers, or that has a device or state of its
/// own, or whose configuration asks for one queue. Work-conserving: an idle instance takes everything that waits, up to
/// the largest bucket, in the order of waiting_list.h; it lingers only where the configuration says max_queue_delay.
/// An instance on a device keeps two batches under way, so that one is gathered and copied while the other runs.
///
/// Thread safety: Enqueue and waiting by anyone; Start and Stop by one thread. Lifetime: the model must outlive the
/// pool's threads: Stop runs what still waits and joins them.
class InstancePool final : public InferenceQueue {
 public:
  /// `thread_of(i)`: what instance i brings along. `model.instance_graphs` has one graph per instance.
  InstancePool(Model* model, const Clock* clock, std::function<ServingThread(size_t)> thread_of);
  ~InstancePool() override;

  /// Starts the threads; each warms its own graph on itself. Returns when all are ready, with the first failure.
  absl::Status Start();
  void Stop();

  std::optional<Refusal> Enqueue(std::unique_ptr<Inference>& inference) override;
  size_t waiting() const override;

 private:
  enum class Taken { kBatch, kNothing, kEnd };

  void RunInstance(size_t instance);
  void RunOneByOne(size_t instance, Graph& graph, BatchRunner& runner);
  void KeepUnderWay(size_t instance, AsyncGraph& graph, BatchRunner& runner);
  /// kEnd when there will be no more; kNothing, unless it may `wait`, when there is none now. `delayed`: how many were
  /// found past their timeout meanwhile.
  Taken TakeBatch(size_t instance, bool wait, std::vector<std::unique_ptr<Inference>>& batch, uint64_t& delayed);

  Model* const model_;
  const Clock* const clock_;
  const std::function<ServingThread(size_t)> thread_of_;
  std::vector<std::thread> threads_;

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  WaitingList queue_;
  std::vector<int64_t> free_ns_;  // by instance: when its batch ends, as measured while warming
  uint64_t delayed_ = 0;          // of queue_.delayed(), what was counted
  std::vector<absl::Status> started_;  // one per instance that has finished warming
  std::vector<bool> idle_;  // by instance: warm, nothing under way; it waits for a request or is about to
  bool stopping_ = false;
};

}  // namespace driftserve
