#pragma once

#include <prometheus/collectable.h>

#include <functional>

#include "server/metrics/http_server.h"
#include "server/publish/publisher.h"
#include "server/tap/tap.h"

namespace driftserve {

/// What became of the sampled records, and of the connections to the operations port. Thread-safe. The arguments may
/// be null and must outlive it.
class PipelineCollector final : public prometheus::Collectable {
 public:
  PipelineCollector(const Publisher* publisher, const Tap* tap, std::function<HttpCounts()> http);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const Publisher* const publisher_;
  const Tap* const tap_;
  const std::function<HttpCounts()> http_;
};

}  // namespace driftserve
