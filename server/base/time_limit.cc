#include "server/base/time_limit.h"

#include <utility>

namespace driftserve {

TimeLimit::TimeLimit(std::chrono::milliseconds limit, std::function<void()> when_passed) {
  thread_ = std::thread([this, limit, when_passed = std::move(when_passed)] {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, limit, [this] { return over_; })) return;
    lock.unlock();
    when_passed();
  });
}

TimeLimit::~TimeLimit() {
  {
    std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

}  // namespace driftserve
