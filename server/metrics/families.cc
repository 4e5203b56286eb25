#include "server/metrics/families.h"

#include <cmath>
#include <limits>
#include <utility>

#include "drift/report/text.h"

namespace driftserve {

prometheus::ClientMetric::Label Label(const char* name, std::string_view value) { return {name, drift::Utf8(value)}; }

MetricLabels With(const MetricLabels& base, const char* name, std::string_view value) {
  MetricLabels labels;
  labels.reserve(base.size() + 1);
  labels.insert(labels.end(), base.begin(), base.end());
  labels.push_back(Label(name, value));
  return labels;
}

MetricLabels With(const MetricLabels& base, const char* name, std::string_view value, const char* second,
                  std::string_view second_value) {
  MetricLabels labels;
  labels.reserve(base.size() + 2);
  labels.insert(labels.end(), base.begin(), base.end());
  labels.push_back(Label(name, value));
  labels.push_back(Label(second, second_value));
  return labels;
}

FamilyBuilder::FamilyBuilder(const char* name, const char* help, prometheus::MetricType type) {
  family_.name = name;
  family_.help = help;
  family_.type = type;
}

void FamilyBuilder::Add(MetricLabels labels, double value) {
  if (!std::isfinite(value)) return;
  prometheus::ClientMetric& metric = family_.metric.emplace_back();
  metric.label = std::move(labels);
  (family_.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
}

void FamilyBuilder::AddHistogram(MetricLabels labels, const std::vector<double>& bounds,
                                 const std::vector<uint64_t>& counts, double sum) {
  prometheus::ClientMetric& metric = family_.metric.emplace_back();
  metric.label = std::move(labels);
  uint64_t cumulative = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    cumulative += counts[i];
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({cumulative, bound});
  }
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = sum;
}

void FamilyBuilder::MoveTo(std::vector<prometheus::MetricFamily>& families) {
  if (!family_.metric.empty()) families.push_back(std::move(family_));
}

}  // namespace driftserve
