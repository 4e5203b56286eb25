#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "drift/tool/console.h"
#include "drift/tool/watch_models.h"
#include "server/metrics/operations.h"

namespace drift {

/// `drift watch`: what its flags say.
struct WatchOptions {
  std::string brokers;
  std::string topic = "driftserve.samples";
  std::string group = "drift-watch";
  WatchedModels models;
  std::string metrics_address = "127.0.0.1:8003";  // port 0: any that is free; it is printed
  std::vector<std::string> kafka_config;           // property=value
  int64_t timeout_ms = 15'000;                     // the longest wait for a broker
};

inline constexpr int kUnreachable = 75;

/// Watches until `stop` is set. kDone; kBadInput for flags and files; kUnreachable where the address cannot be bound,
/// or the broker refuses what waiting does not mend. A broker that is away is waited for.
int RunWatch(const WatchOptions& options, const Console& console, const driftserve::Clock& clock,
             const std::atomic<bool>& stop);

}  // namespace drift
