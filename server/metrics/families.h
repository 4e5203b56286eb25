#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace driftserve {

using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

/// A label; its value as valid UTF-8, since a scrape with any other byte is refused as a whole.
prometheus::ClientMetric::Label Label(const char* name, std::string_view value);

/// `base` and one or two more.
MetricLabels With(const MetricLabels& base, const char* name, std::string_view value);
MetricLabels With(const MetricLabels& base, const char* name, std::string_view value, const char* second,
                  std::string_view second_value);

/// One metric family while it is filled.
class FamilyBuilder {
 public:
  FamilyBuilder(const char* name, const char* help, prometheus::MetricType type);

  /// A counter's or gauge's value. One that is not finite is left out: absent says "unknown", 0 or NaN would not.
  void Add(MetricLabels labels, double value);

  /// `counts` per bucket, not cumulative; `bounds` are the upper ends of all but the last.
  void AddHistogram(MetricLabels labels, const std::vector<double>& bounds, const std::vector<uint64_t>& counts,
                    double sum);

  /// Appends the family, where it has series.
  void MoveTo(std::vector<prometheus::MetricFamily>& families);

 private:
  prometheus::MetricFamily family_;
};

}  // namespace driftserve
