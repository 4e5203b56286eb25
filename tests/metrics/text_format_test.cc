#include "server/metrics/text_format.h"

#include <gtest/gtest.h>

#include "server/metrics/families.h"

namespace driftserve {
namespace {

using prometheus::MetricType;

std::string TextOf(FamilyBuilder& family) {
  std::vector<prometheus::MetricFamily> families;
  family.MoveTo(families);
  return PrometheusText(families);
}

TEST(TextFormatTest, WritesNumbersSoThatTheyReadBackTheSame) {
  FamilyBuilder family("f", "Help.", MetricType::Gauge);
  family.Add({}, 0.1);
  family.Add({}, 1e-9);
  family.Add({}, 123456789012.0);
  EXPECT_EQ(TextOf(family), "# HELP f Help.\n# TYPE f gauge\nf 0.1\nf 1e-09\nf 123456789012\n");
}

TEST(TextFormatTest, HistogramsAreCumulativeAndEndAtInfinity) {
  FamilyBuilder family("d_seconds", "Help.", MetricType::Histogram);
  family.AddHistogram({Label("m", "x")}, {0.5, 1}, {2, 0, 3}, 7.5);
  EXPECT_EQ(TextOf(family),
            "# HELP d_seconds Help.\n# TYPE d_seconds histogram\n"
            "d_seconds_bucket{m=\"x\",le=\"0.5\"} 2\n"
            "d_seconds_bucket{m=\"x\",le=\"1\"} 2\n"
            "d_seconds_bucket{m=\"x\",le=\"+Inf\"} 5\n"
            "d_seconds_sum{m=\"x\"} 7.5\n"
            "d_seconds_count{m=\"x\"} 5\n");
}

TEST(TextFormatTest, LabelValuesAreQuoted) {
  FamilyBuilder family("f", "Help.", MetricType::Gauge);
  family.Add({{"a", "one\\two \"three\"\nfour"}, {"b", ""}}, 1);
  EXPECT_EQ(TextOf(family), "# HELP f Help.\n# TYPE f gauge\nf{a=\"one\\\\two \\\"three\\\"\\nfour\",b=\"\"} 1\n");
}

TEST(TextFormatTest, AFamilyWithoutSeriesIsNotWritten) {
  FamilyBuilder family("f", "Help.", MetricType::Gauge);
  EXPECT_EQ(TextOf(family), "");
}

}  // namespace
}  // namespace driftserve
