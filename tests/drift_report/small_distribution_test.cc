#include "drift/report/small_distribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/drift_report/synthetic.h"

namespace drift {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

FeatureReference Range(double minimum, double maximum) {
  FeatureReference reference;
  reference.minimum = minimum;
  reference.maximum = maximum;
  return reference;
}

FeatureResult Bins(std::vector<Bin> bins) {
  FeatureResult feature;
  feature.bins = std::move(bins);
  feature.bins.push_back({"missing", {}, {}, 0, 0});
  return feature;
}

TEST(SmallDistributionTest, ABinIsSpreadEvenlyOverItsLength) {
  const FeatureReference reference = Range(0, 10);
  const auto small =
      SmallDistributionOf(Bins({{"", {}, 2.5, 0.5, 0.1}, {"", 2.5, {}, 0.5, 0.9}}), &reference, false, 100);
  EXPECT_THAT(small.edges, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_NEAR(small.y[0], 0.2, 1e-12);
  EXPECT_NEAR(small.y[2], 0.1 + 0.5 * 0.5 / 7.5, 1e-12);
  EXPECT_NEAR(small.y[9], 0.5 / 7.5, 1e-12);
}

TEST(SmallDistributionTest, ASingleValueBelongsToOneBin) {
  const FeatureReference reference = Range(0, 10);
  const auto small =
      SmallDistributionOf(Bins({{"", {}, 0.0, 0.6, 0.6}, {"", 0.0, {}, 0.4, 0.4}}), &reference, true, 100);
  EXPECT_NEAR(small.y[0], 0.6 + 0.04, 1e-12);
  EXPECT_NEAR(small.y[1], 0.04, 1e-12);
}

TEST(SmallDistributionTest, MissingIsLeftOut) {
  const FeatureReference reference = Range(-3, 3);
  const auto small = SmallDistributionOf(synthetic::Numeric({"p", 0, 1, 0, 0.2, 0.3}), &reference, true, 100);
  double area = 0;
  for (const double y : small.y) area += y * 0.6;
  EXPECT_NEAR(area, 1, 1e-9);
}

TEST(SmallDistributionTest, WithoutARangeThereIsNone) {
  const FeatureReference reference = Range(3, 3);
  const FeatureResult feature = Bins({{"", {}, {}, 1, 1}});
  EXPECT_TRUE(SmallDistributionOf(feature, &reference, true, 1).y.empty());
  EXPECT_TRUE(SmallDistributionOf(feature, nullptr, true, 1).y.empty());
  EXPECT_TRUE(SmallDistributionOf(FeatureResult(), nullptr, true, 1).y.empty());
}

TEST(SmallDistributionTest, CategoriesHaveTheirRows) {
  const auto small =
      SmallDistributionOf(synthetic::Categorical("origin", {"EWR", "JFK"}, {.75, .25}, {.5, .5}), nullptr, false, 200);
  EXPECT_THAT(small.labels, ElementsAre("EWR", "JFK"));
  EXPECT_THAT(small.y, ElementsAre(DoubleNear(150, 1e-9), DoubleNear(50, 1e-9)));
}

}  // namespace
}  // namespace drift
