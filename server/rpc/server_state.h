#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "server/repository/repository.h"

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

/// What RepositoryIndex answers.
using RepositoryIndexSource = std::function<std::vector<VersionState>()>;

}  // namespace driftserve
