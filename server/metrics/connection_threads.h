#pragma once

#include <httplib.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace driftserve {

/// A thread for every open connection, up to a limit: no connection ever waits behind another one's slow client.
/// Threads are started when needed and then kept.
///
/// Refused: a connection above the limit. Its job runs at once on the accepting thread, where refusing() is true: it
/// is expected to close the connection and return.
/// Thread safety: enqueue and shutdown by the accepting thread.
class ConnectionThreads final : public httplib::TaskQueue {
 public:
  explicit ConnectionThreads(size_t limit) : limit_(limit) {}

  void enqueue(std::function<void()> job) override;
  void shutdown() override;

  /// Whether the job that runs on this thread is one that is refused.
  static bool refusing();

 private:
  bool TryTake(std::function<void()>& job);
  void Work();

  const size_t limit_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace driftserve
