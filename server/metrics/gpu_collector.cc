#include "server/metrics/gpu_collector.h"

#include <utility>

#include "server/metrics/families.h"

namespace driftserve {

using prometheus::MetricType;

GpuCollector::GpuCollector(GpuSource source) : source_(std::move(source)) {}

std::vector<prometheus::MetricFamily> GpuCollector::Collect() const {
  std::vector<prometheus::MetricFamily> all;
  const std::vector<GpuReading> gpus = source_ ? source_() : std::vector<GpuReading>();
  const auto add = [&](const char* name, const char* help, MetricType type, double GpuReading::*value) {
    FamilyBuilder family(name, help, type);
    for (const GpuReading& gpu : gpus) family.Add({Label("gpu_uuid", gpu.uuid)}, gpu.*value);
    family.MoveTo(all);
  };
  add("nv_gpu_utilization", "Share of the time in which the GPU ran something, 0 to 1.", MetricType::Gauge,
      &GpuReading::utilization);
  add("nv_gpu_power_usage", "Power of the GPU in watts.", MetricType::Gauge, &GpuReading::power_watts);
  add("nv_gpu_power_limit", "Power limit of the GPU in watts.", MetricType::Gauge, &GpuReading::power_limit_watts);
  add("nv_energy_consumption", "Energy of the GPU in joules since its driver was loaded.", MetricType::Counter,
      &GpuReading::energy_joules);
  add("nv_gpu_memory_used_bytes", "Used memory of the GPU.", MetricType::Gauge, &GpuReading::memory_used_bytes);
  add("nv_gpu_memory_total_bytes", "Memory of the GPU.", MetricType::Gauge, &GpuReading::memory_total_bytes);
  return all;
}

}  // namespace driftserve
