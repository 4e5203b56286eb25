#include "server/batch/instance_pool.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/base/text.h"
#include "server/batch/policy.h"
#include "server/repository/warm.h"

namespace driftserve {
namespace {

Waiting Describe(const Inference& inference) {
  return {inference.model.get(), &inference.decoded.inputs, inference.decoded.rows, inference.accepted_ns,
          inference.deadline_ns};
}

}  // namespace

InstancePool::InstancePool(Model* model, const Clock* clock, std::function<ServingThread(size_t)> thread_of)
    : model_(model), clock_(clock), thread_of_(std::move(thread_of)) {}

InstancePool::~InstancePool() { Stop(); }

absl::Status InstancePool::Start() {
  for (size_t i = 0; i < model_->instance_graphs.size(); ++i) threads_.emplace_back([this, i] { RunInstance(i); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return started_.size() == threads_.size(); });
  for (const absl::Status& status : started_) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void InstancePool::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

absl::Status InstancePool::Enqueue(std::unique_ptr<Inference>& inference) {
  {
    std::lock_guard lock(mutex_);
    const int limit = model_->settings.max_queue_size;
    if (limit > 0 && queue_.size() >= static_cast<size_t>(limit)) {
      return absl::ResourceExhaustedError(
          Concat("model '", model_->settings.name, "' holds ", limit,
                 " requests that have not run (max_queue_size of config.pbtxt); try again later"));
    }
    queue_.push_back(std::move(inference));
  }
  changed_.notify_one();
  return absl::OkStatus();
}

size_t InstancePool::waiting() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

void InstancePool::RunInstance(size_t instance) {
  pthread_setname_np(pthread_self(), Concat("exec/", instance).c_str());
  Graph& graph = *model_->instance_graphs[instance];
  const absl::Status warmed = WarmGraph(graph, model_->settings);
  {
    std::lock_guard lock(mutex_);
    started_.push_back(warmed);
  }
  changed_.notify_all();
  if (!warmed.ok()) return;
  BatchRunner runner(thread_of_(instance));
  std::vector<std::unique_ptr<Inference>> batch;
  while (TakeBatch(batch)) runner.Run(graph, absl::MakeSpan(batch));
}

void InstancePool::Linger(std::unique_lock<std::mutex>& lock) {
  const int64_t delay_ns = model_->settings.max_queue_delay_us * 1000;
  const auto full = [this] {
    int64_t rows = 0;
    for (const auto& inference : queue_) rows += inference->decoded.rows;
    return stopping_ || queue_.empty() || rows >= model_->settings.max_batch_size;
  };
  while (!full()) {
    const int64_t left_ns = queue_.front()->accepted_ns + delay_ns - clock_->MonotonicNanos();
    if (left_ns <= 0) return;
    changed_.wait_for(lock, std::chrono::nanoseconds(left_ns), full);
  }
}

bool InstancePool::TakeBatch(std::vector<std::unique_ptr<Inference>>& batch) {
  std::unique_lock lock(mutex_);
  do {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return false;
    if (model_->settings.max_queue_delay_us > 0) Linger(lock);
  } while (queue_.empty());  // another instance took what this one lingered for
  // No further than a batch of single rows could reach.
  const size_t most = std::min(queue_.size(), static_cast<size_t>(std::max(1, model_->settings.max_batch_size)) * 2);
  std::vector<Waiting> waiting(most);
  std::transform(queue_.begin(), queue_.begin() + most, waiting.begin(),
                 [](const auto& inference) { return Describe(*inference); });
  std::vector<size_t> chosen;
  NextBatch(waiting, model_->settings.max_batch_size, chosen);
  batch.clear();
  for (const size_t index : chosen) batch.push_back(std::move(queue_[index]));
  std::erase_if(queue_, [](const auto& inference) { return inference == nullptr; });
  return true;
}

}  // namespace driftserve
