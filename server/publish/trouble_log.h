#pragma once

#include <string>
#include <utility>

#include "server/base/log.h"

namespace driftserve {

/// Troubles on the way to the brokers.
enum class Trouble { kAway, kRefused, kQueueFull, kRejecting, kFatal };

/// Tells a person once of each trouble, and once that it is over: however often it is reported, and in whatever order
/// several of them alternate. Used by one thread.
class TroubleLog {
 public:
  explicit TroubleLog(Log log) : log_(std::move(log)) {}

  void Begin(Trouble trouble, LogLevel level, const std::string& message);

  /// A record was delivered: whatever was wrong is over.
  void Over(const std::string& message);

 private:
  const Log log_;
  unsigned open_ = 0;  // a bit per trouble
};

}  // namespace driftserve
