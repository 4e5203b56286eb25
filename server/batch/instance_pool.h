#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/batch/inference.h"
#include "server/batch/runner.h"

namespace driftserve {

/// The executor threads of one model whose batches are too long for the pollers, or that has a device or state of its
/// own. Work-conserving: an idle instance takes everything that waits, up to the largest bucket; it lingers for
/// max_queue_delay only where the model's configuration asks for that.
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

  absl::Status Enqueue(std::unique_ptr<Inference>& inference) override;
  size_t waiting() const override;

 private:
  void RunInstance(size_t instance);
  bool TakeBatch(std::vector<std::unique_ptr<Inference>>& batch);
  void Linger(std::unique_lock<std::mutex>& lock);

  Model* const model_;
  const Clock* const clock_;
  const std::function<ServingThread(size_t)> thread_of_;
  std::vector<std::thread> threads_;

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Inference>> queue_;
  std::vector<absl::Status> started_;  // one per instance that has finished warming
  bool stopping_ = false;
};

}  // namespace driftserve
