#pragma once

#include <string>

#include "server/metrics/metric_sources.h"

namespace driftserve {

/// Readings of NVIDIA's management library, which the driver brings along: it is opened at run time, so that neither
/// building nor running needs it. Null where there is no library or no GPU.
GpuSource OpenNvml(const std::string& library = "libnvidia-ml.so.1");

}  // namespace driftserve
