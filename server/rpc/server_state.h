#pragma once

#include <atomic>

namespace driftserve {

/// What the whole server is up to. Thread-safe.
class ServerState {
 public:
  /// True once every model is loaded, until shutdown begins.
  bool ready() const { return ready_.load(std::memory_order_acquire); }
  void SetReady(bool ready) { ready_.store(ready, std::memory_order_release); }

 private:
  std::atomic<bool> ready_{false};
};

}  // namespace driftserve
