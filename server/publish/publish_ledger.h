#pragma once

#include <array>
#include <mutex>
#include <vector>

#include "server/publish/publisher.h"

namespace driftserve {

/// Where every record of a publisher is: opened once, ended once. Thread-safe; what Counts answers holds at one moment:
/// sampled = acknowledged + in_flight + Σ dropped.
class PublishLedger {
 public:
  void Open(RecordKind kind);
  void End(const Delivery& delivery);

  /// Ends whatever is still open, without naming it: for records of which no report will come any more.
  void EndRest(DropReason reason);

  PublishCounts Counts(RecordKind kind) const;

  /// The endings since the last call, in their order.
  std::vector<Delivery> TakeEnded();

 private:
  static size_t Index(RecordKind kind) { return static_cast<size_t>(kind); }

  mutable std::mutex mutex_;  // guards the rest
  std::array<PublishCounts, 2> counts_;
  std::vector<Delivery> ended_;
};

}  // namespace driftserve
