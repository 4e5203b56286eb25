#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace driftserve {

/// Calls a function, on a thread of its own, when what it stands beside takes longer than it may.
///
/// Thread safety: one thread makes and destroys it. The destructor waits for a call that has begun.
class TimeLimit {
 public:
  TimeLimit(std::chrono::milliseconds limit, std::function<void()> when_passed);
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  ~TimeLimit();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace driftserve
