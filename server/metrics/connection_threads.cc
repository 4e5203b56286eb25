#include "server/metrics/connection_threads.h"

#include <utility>

namespace driftserve {
namespace {

thread_local bool refusing_now = false;

}  // namespace

bool ConnectionThreads::refusing() { return refusing_now; }

void ConnectionThreads::enqueue(std::function<void()> job) {
  if (TryTake(job)) return;
  refusing_now = true;
  job();
  refusing_now = false;
}

bool ConnectionThreads::TryTake(std::function<void()>& job) {
  std::lock_guard lock(mutex_);
  if (idle_ <= jobs_.size()) {
    if (threads_.size() == limit_) return false;
    threads_.emplace_back([this] { Work(); });
    ++idle_;  // counted from here on, so that a burst starts as many threads as it needs
  }
  jobs_.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

void ConnectionThreads::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    --idle_;
    lock.unlock();
    job();
    lock.lock();
    ++idle_;
  }
}

void ConnectionThreads::shutdown() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace driftserve
