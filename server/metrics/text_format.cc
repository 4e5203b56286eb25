#include "server/metrics/text_format.h"

#include <array>
#include <charconv>
#include <cmath>

namespace driftserve {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr size_t kTypicalLine = 128;  // bytes; a guess that saves growing a text of megabytes

void AppendNumber(double value, std::string& text) {
  if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text.append(digits.data(), end);
}

void AppendCount(uint64_t value, std::string& text) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text.append(digits.data(), end);
}

void AppendEscaped(const std::string& value, std::string& text) {
  size_t plain = 0;
  while (plain < value.size() && value[plain] != '\\' && value[plain] != '"' && value[plain] != '\n') ++plain;
  text.append(value, 0, plain);
  for (; plain < value.size(); ++plain) {
    const char c = value[plain];
    if (c == '\\' || c == '"' || c == '\n') text += '\\';
    text += c == '\n' ? 'n' : c;
  }
}

// name_suffix{labels and, where given, le="bound"}, and a space.
void AppendSeries(const std::string& name, const char* suffix, const std::vector<ClientMetric::Label>& labels,
                  const double* bound, std::string& text) {
  text += name;
  text += suffix;
  char separator = '{';
  for (const ClientMetric::Label& label : labels) {
    text += separator;
    text += label.name;
    text += "=\"";
    AppendEscaped(label.value, text);
    text += '"';
    separator = ',';
  }
  if (bound != nullptr) {
    text += separator;
    text += "le=\"";
    AppendNumber(*bound, text);
    text += '"';
    separator = ',';
  }
  if (separator == ',') text += '}';
  text += ' ';
}

void AppendHistogram(const std::string& name, const ClientMetric& metric, std::string& text) {
  for (const ClientMetric::Bucket& bucket : metric.histogram.bucket) {
    AppendSeries(name, "_bucket", metric.label, &bucket.upper_bound, text);
    AppendCount(bucket.cumulative_count, text);
    text += '\n';
  }
  AppendSeries(name, "_sum", metric.label, nullptr, text);
  AppendNumber(metric.histogram.sample_sum, text);
  text += '\n';
  AppendSeries(name, "_count", metric.label, nullptr, text);
  AppendCount(metric.histogram.sample_count, text);
  text += '\n';
}

}  // namespace

std::string PrometheusText(const std::vector<MetricFamily>& families) {
  size_t series = 0;
  for (const MetricFamily& family : families) {
    series += family.metric.size() * (family.type == MetricType::Histogram ? 24 : 1);
  }
  std::string text;
  text.reserve(series * kTypicalLine);
  for (const MetricFamily& family : families) {
    const bool counter = family.type == MetricType::Counter;
    const bool histogram = family.type == MetricType::Histogram;
    text += "# HELP " + family.name + ' ' + family.help + "\n# TYPE " + family.name +
            (counter     ? " counter\n"
             : histogram ? " histogram\n"
                         : " gauge\n");
    for (const ClientMetric& metric : family.metric) {
      if (histogram) {
        AppendHistogram(family.name, metric, text);
        continue;
      }
      AppendSeries(family.name, "", metric.label, nullptr, text);
      AppendNumber(counter ? metric.counter.value : metric.gauge.value, text);
      text += '\n';
    }
  }
  return text;
}

}  // namespace driftserve
