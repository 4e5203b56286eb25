#pragma once

#include <prometheus/collectable.h>

#include "server/metrics/metric_sources.h"

namespace driftserve {

/// What a consumer of the samples topic took, skipped and has still before it. Thread-safe.
class WatchCollector final : public prometheus::Collectable {
 public:
  explicit WatchCollector(ConsumerSource source) : source_(std::move(source)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const ConsumerSource source_;
};

}  // namespace driftserve
