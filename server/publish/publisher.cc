#include "server/publish/publisher.h"

namespace driftserve {

const char* Name(DropReason reason) {
  switch (reason) {
    case DropReason::kNoBroker: return "no_broker";
    case DropReason::kQueueFull: return "queue_full";
    case DropReason::kTooLarge: return "too_large";
    case DropReason::kTimedOut: return "timed_out";
    case DropReason::kRejected: return "rejected";
    case DropReason::kShutdown: return "shutdown";
  }
  return "unknown";
}

}  // namespace driftserve
