#pragma once

#include <prometheus/collectable.h>

#include "server/metrics/metric_sources.h"

namespace driftserve {

/// nv_gpu_… and nv_energy_consumption of every GPU, as Triton names them and perf_analyzer --collect-metrics reads
/// them: gpu_uuid is the only label. Without a GPU there is none. Thread-safe.
class GpuCollector final : public prometheus::Collectable {
 public:
  explicit GpuCollector(GpuSource source);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const GpuSource source_;
};

}  // namespace driftserve
