#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace driftserve {

/// The Prometheus text format 0.0.4 of `families`. Numbers are the shortest text that reads back the same. (The
/// library's own serialiser takes several times as long.)
std::string PrometheusText(const std::vector<prometheus::MetricFamily>& families);

inline constexpr char kPrometheusContentType[] = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace driftserve
