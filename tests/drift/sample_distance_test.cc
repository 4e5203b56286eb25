#include "drift/sample_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::Random;

std::vector<std::uint64_t> SortedKeysOf(const std::vector<double>& values) {
  std::vector<std::uint64_t> keys;
  for (const double value : values) keys.push_back(FloatingKey(value));
  std::sort(keys.begin(), keys.end());
  return keys;
}

double ShareUpTo(const std::vector<double>& values, double at) {
  const auto below = std::count_if(values.begin(), values.end(), [at](double value) { return value <= at; });
  return static_cast<double>(below) / static_cast<double>(values.size());
}

// By definition: at every value of either side.
double PlainDistance(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (const auto* side : {&a, &b}) {
    for (const double at : *side) largest = std::max(largest, std::fabs(ShareUpTo(a, at) - ShareUpTo(b, at)));
  }
  return largest;
}

double PlainArea(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  double area = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    area += std::fabs(ShareUpTo(a, all[i - 1]) - ShareUpTo(b, all[i - 1])) * (all[i] - all[i - 1]);
  }
  return area;
}

std::vector<double> Draw(Random& random, int shape) {
  std::vector<double> values(1 + random.Below(60));
  for (double& value : values) {
    switch (shape) {
      case 0: value = random.Normal(); break;
      case 1: value = std::floor(3 * random.Normal()); break;  // ties within and between
      case 2: value = 1; break;
      case 3: value = random.Normal() / random.Normal(); break;
      default: value = random.Uniform() < 0.5 ? 0 : 5 + random.Uniform(); break;
    }
  }
  return values;
}

TEST(SampleDistanceTest, IsTheDefinitionOverRandomSamples) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto a = Draw(random, i % 5), b = Draw(random, i / 5 % 5);
    const auto keys_a = SortedKeysOf(a), keys_b = SortedKeysOf(b);
    const SampleDistance distance = MeasureSamples(keys_a, keys_b);
    ASSERT_NEAR(distance.ks.value, PlainDistance(a, b), 1e-15) << i;
    ASSERT_EQ(distance.ks.m, a.size());
    ASSERT_EQ(distance.ks.n, b.size());
    const double swapped = MeasureSamples(keys_b, keys_a).ks.value;
    ASSERT_EQ(distance.ks.value, swapped) << i;
    const double area = WassersteinOfSamples(keys_a, keys_b, KeyKind::kFloating, 2.0);
    ASSERT_NEAR(area, PlainArea(a, b) / 2, 1e-12 * (1 + PlainArea(a, b))) << i;
  }
}

TEST(SampleDistanceTest, SeparateSamplesAreOneApartAndEqualOnesNot) {
  const auto low = SortedKeysOf({1, 2, 2}), high = SortedKeysOf({3, 3, 4, 5});
  EXPECT_EQ(MeasureSamples(low, high).ks.value, 1);
  EXPECT_EQ(MeasureSamples(low, low).ks.value, 0);
  EXPECT_EQ(MeasureSamples(low, SortedKeysOf({2, 2, 2, 1, 1, 2})).ks.value, 0);
  EXPECT_EQ(*MeasureSamples(low, high).ks.steps, 12u);
}

TEST(SampleDistanceTest, NothingToCompareIsNoDistance) {
  const auto some = SortedKeysOf({1});
  EXPECT_EQ(MeasureSamples(some, {}).ks.value, 0);
  EXPECT_EQ(WassersteinOfSamples({}, some, KeyKind::kFloating, 1), 0);
  EXPECT_EQ(WassersteinOfSamples(some, some, KeyKind::kFloating, 0), 0);
}

TEST(SampleDistanceTest, TheLargestNumbersStayFinite) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  const auto a = SortedKeysOf({-kLargest, kLargest}), b = SortedKeysOf({kLargest, kLargest});
  const double area = WassersteinOfSamples(a, b, KeyKind::kFloating, 1e-3);
  EXPECT_TRUE(std::isfinite(area));
  EXPECT_GT(area, 0);
}

}  // namespace
}  // namespace drift
