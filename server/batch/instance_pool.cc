#include "server/batch/instance_pool.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/base/text.h"
#include "server/batch/policy.h"
#include "server/repository/warm.h"

namespace driftserve {

InstancePool::InstancePool(Model* model, const Clock* clock, std::function<ServingThread(size_t)> thread_of)
    : model_(model), clock_(clock), thread_of_(std::move(thread_of)), queue_(model) {}

InstancePool::~InstancePool() { Stop(); }

absl::Status InstancePool::Start() {
  free_ns_.assign(model_->instance_graphs.size(), 0);
  idle_.assign(model_->instance_graphs.size(), false);
  if (model_->settings.preserves_order) model_->reply_order = std::make_shared<ReplyOrder>();
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

std::optional<Refusal> InstancePool::Enqueue(std::unique_ptr<Inference>& inference) {
  {
    std::lock_guard lock(mutex_);
    const std::optional<Refusal> refusal = queue_.Add(inference, clock_->MonotonicNanos(), free_ns_);
    if (refusal) return refusal;
  }
  changed_.notify_one();
  return std::nullopt;
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
    idle_[instance] = warmed.ok();
  }
  changed_.notify_all();
  if (!warmed.ok()) return;
  BatchRunner runner(thread_of_(instance));
  if (AsyncGraph* const async = graph.async()) {
    KeepUnderWay(instance, *async, runner);
  } else {
    RunOneByOne(instance, graph, runner);
  }
}

void InstancePool::RunOneByOne(size_t instance, Graph& graph, BatchRunner& runner) {
  std::vector<std::unique_ptr<Inference>> batch;
  ServingSlot& slot = model_->counters.slot(runner.thread());
  for (uint64_t delayed = 0; TakeBatch(instance, true, batch, delayed) == Taken::kBatch;) {
    slot.delayed.Add(delayed);
    runner.Run(graph, absl::MakeSpan(batch));
  }
}

void InstancePool::KeepUnderWay(size_t instance, AsyncGraph& graph, BatchRunner& runner) {
  std::vector<std::unique_ptr<Inference>> batch;
  ServingSlot& slot = model_->counters.slot(runner.thread());
  for (uint64_t delayed = 0;;) {
    const bool idle = graph.under_way() == 0;
    const bool room = graph.under_way() < graph.depth();
    const Taken taken = room ? TakeBatch(instance, idle, batch, delayed) : Taken::kNothing;
    if (taken == Taken::kBatch) {
      slot.delayed.Add(delayed);
      runner.Submit(graph, absl::MakeSpan(batch));
    } else if (idle) {
      return;
    } else if (!room || graph.Ready()) {
      runner.FinishOldest(graph);
    } else {
      // Two things may happen next, and only one of them can wake a thread: CUDA too waits for its events by asking.
      std::this_thread::yield();
    }
  }
}

InstancePool::Taken InstancePool::TakeBatch(size_t instance, bool wait, std::vector<std::unique_ptr<Inference>>& batch,
                                            uint64_t& delayed) {
  std::unique_lock lock(mutex_);
  if (wait) {
    idle_[instance] = true;
  } else if (std::find(idle_.begin(), idle_.end(), true) != idle_.end()) {
    return Taken::kNothing;  // whatever waits is for a device that has nothing to do
  }
  for (;;) {
    if (wait) changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) {
      idle_[instance] = false;
      return wait ? Taken::kEnd : Taken::kNothing;
    }
    const int64_t now_ns = clock_->MonotonicNanos();
    const int64_t until_ns = queue_.Next(now_ns, stopping_, batch);
    if (!batch.empty()) {
      idle_[instance] = false;
      free_ns_[instance] = now_ns + EstimateNanos(model_->settings.buckets, model_->bucket_ns, queue_.rows_taken());
      delayed = queue_.delayed() - std::exchange(delayed_, queue_.delayed());
      if (!queue_.empty()) changed_.notify_one();  // another instance may have slept through an Enqueue's notice
      return Taken::kBatch;
    }
    if (!wait) return Taken::kNothing;
    changed_.wait_for(lock, std::chrono::nanoseconds(until_ns - now_ns));
  }
}

}  // namespace driftserve
