#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/base/serving_counters.h"

namespace driftserve {

/// One loaded model version as a scrape sees it; or, without a name, the requests for no model that is served.
struct ServedVersion {
  std::string name;
  std::string version;
  bool ready = false;
  /// May share the owner of the model (shared_ptr's aliasing constructor); null where nothing was counted yet.
  std::shared_ptr<const ServingCounters> counters;
};

/// Lines of the access log: written, dropped by a full ring, not taken by the file.
struct AccessLineCounts {
  uint64_t written = 0;
  uint64_t dropped = 0;
  uint64_t failed = 0;
};

/// One GPU of the machine; what the driver does not say is NaN.
struct GpuReading {
  std::string uuid;
  double utilization = 0;  // 0 to 1
  double power_watts = 0;
  double power_limit_watts = 0;
  double energy_joules = 0;  // since the driver was loaded
  double memory_used_bytes = 0;
  double memory_total_bytes = 0;
};

/// Called by every scrape, from any thread.
using GpuSource = std::function<std::vector<GpuReading>()>;

/// How often loads of a model ended in one way.
struct ModelLoads {
  std::string model;
  std::string outcome;
  std::string reason;
  uint64_t count = 0;
};

/// The serving side at one moment.
struct ServingState {
  std::vector<ServedVersion> versions;
  uint64_t pending_requests = 0;  // accepted and not yet answered
  uint64_t pending_bytes = 0;
  std::optional<AccessLineCounts> access_lines = std::nullopt;  // nothing where there is no access log
  std::vector<ModelLoads> loads = {};
};

/// Called by every scrape, from any thread.
using ServingSource = std::function<ServingState()>;

/// A consumer of the samples topic at one moment; numbers that count only grow.
struct ConsumerCounts {
  uint64_t rows = 0;                                    // of watched models
  std::vector<std::pair<std::string, uint64_t>> skipped;  // by reason, every one
  uint64_t passed_over = 0;
  uint64_t read_again = 0;
  uint64_t rebalances = 0;
  uint64_t commit_failures = 0;
  uint64_t partitions = 0;
  uint64_t lag = 0;
};

/// Called by every scrape, from any thread.
using ConsumerSource = std::function<ConsumerCounts()>;

struct BuildFacts {
  std::string version;  // "0.1.0"
  std::string commit;   // may be empty
  std::string torch;    // version of the LibTorch that is linked; may be empty
  std::string program = "driftserve";
};

}  // namespace driftserve
