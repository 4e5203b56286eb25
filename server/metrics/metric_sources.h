#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/base/serving_counters.h"

namespace driftserve {

/// One loaded model version as a scrape sees it.
struct ServedVersion {
  std::string name;
  std::string version;
  bool ready = false;
  /// May share the owner of the model (shared_ptr's aliasing constructor); null where nothing was counted yet.
  std::shared_ptr<const ServingCounters> counters;
};

/// The serving side at one moment.
struct ServingState {
  std::vector<ServedVersion> versions;
  uint64_t pending_requests = 0;  // accepted and not yet answered
  uint64_t pending_bytes = 0;
};

/// Called by every scrape, from any thread.
using ServingSource = std::function<ServingState()>;

struct BuildFacts {
  std::string version;  // "0.1.0"
  std::string commit;   // may be empty
  std::string torch;    // version of the LibTorch that is linked; may be empty
};

}  // namespace driftserve
