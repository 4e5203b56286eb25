#pragma once

#include <prometheus/collectable.h>

#include "server/observe/snapshot.h"
#include "server/tap/label_inbox.h"

namespace driftserve {

/// Drift of every watched model version, its labels among them, from the newest snapshot. What is not ready is absent,
/// never 0. Thread-safe; a scrape never meets the observer. `board` and `labels`, which may be null, must outlive it.
class DriftCollector final : public prometheus::Collectable {
 public:
  explicit DriftCollector(const SnapshotBoard* board, const LabelInbox* labels = nullptr)
      : board_(board), labels_(labels) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const SnapshotBoard* const board_;
  const LabelInbox* const labels_;
};

}  // namespace driftserve
