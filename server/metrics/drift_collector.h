#pragma once

#include <prometheus/collectable.h>

#include "server/observe/snapshot.h"

namespace driftserve {

/// Drift of every watched model version, from the newest snapshot. What is not ready is absent, never 0. Thread-safe;
/// a scrape never meets the observer. `board` must outlive it.
class DriftCollector final : public prometheus::Collectable {
 public:
  explicit DriftCollector(const SnapshotBoard* board) : board_(board) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const SnapshotBoard* const board_;
};

}  // namespace driftserve
