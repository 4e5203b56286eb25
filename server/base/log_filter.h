#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "server/base/log.h"

namespace driftserve {

/// Which levels of the log are written; may be changed while the server runs. Thread-safe.
class LogFilter {
 public:
  /// Writes `least` and what is worse.
  explicit LogFilter(LogLevel least = LogLevel::kInfo) {
    for (size_t i = 0; i < written_.size(); ++i) written_[i] = i >= static_cast<size_t>(least);
  }

  bool Writes(LogLevel level) const { return written_[static_cast<size_t>(level)].load(std::memory_order_relaxed); }
  void Set(LogLevel level, bool written) {
    written_[static_cast<size_t>(level)].store(written, std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<bool>, 3> written_;
};

}  // namespace driftserve
