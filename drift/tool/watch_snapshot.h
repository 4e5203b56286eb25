#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "drift/watch/watched_version.h"
#include "server/metrics/operations.h"

namespace drift {

/// One watched model version as the operations port shows it: the same gauges, JSON and page as a server's. Remembers
/// the course of PSI. Single-threaded; `version` must outlive it.
class WatchSnapshots {
 public:
  static constexpr size_t kHistoryPoints = 240;

  explicit WatchSnapshots(WatchedVersion* version) : version_(version) {}

  /// Evaluates the version and makes its snapshot.
  std::shared_ptr<const driftserve::ModelSnapshot> Take(int64_t now_ns);

 private:
  WatchedVersion* const version_;
  std::deque<driftserve::ModelSnapshot::Point> history_;
};

}  // namespace drift
