#pragma once

#include <prometheus/collectable.h>

#include "server/metrics/metric_sources.h"

namespace driftserve {

/// What was served: requests, durations, batches and readiness of every model version. Per-thread slots are summed
/// here, at the scrape, so that a request costs no shared write. Thread-safe.
class ServingCollector final : public prometheus::Collectable {
 public:
  ServingCollector(ServingSource source, BuildFacts build);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const ServingSource source_;
  const BuildFacts build_;
};

}  // namespace driftserve
