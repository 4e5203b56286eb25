#include "drift/ks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "drift/ks_distribution.h"

namespace drift {
namespace {

TEST(KsDistributionTest, ExactTailOfKnownTables) {
  EXPECT_NEAR(KsExactTail(1, 1, 1), 1, 1e-15);
  EXPECT_NEAR(KsExactTail(3, 3, 3), 0.1, 1e-15);           // 2 of C(6, 3) = 20 paths
  EXPECT_NEAR(KsExactTail(5, 5, 5), 2.0 / 252, 1e-15);
  EXPECT_NEAR(KsExactTail(2, 3, 6), 2.0 / 10, 1e-15);      // D = 1
  EXPECT_EQ(KsExactTail(7, 9, 0), 1);
}

TEST(KsDistributionTest, SmallTailsKeepTheirDigits) {
  // D = 1: two of the C(40, 20) orders.
  double paths = 1;
  for (int i = 1; i <= 20; ++i) paths = paths * (20 + i) / i;
  EXPECT_NEAR(KsExactTail(20, 20, 20) * paths, 2, 1e-9);
}

TEST(KsDistributionTest, AsymptoticTailIsContinuousAndMonotone) {
  double before = 1;
  for (double d = 0; d <= 1; d += 1e-4) {
    const double tail = KsAsymptoticTail(d, 100);
    ASSERT_LE(tail, before + 1e-9) << d;
    ASSERT_GE(tail, 0);
    before = tail;
  }
  EXPECT_EQ(KsAsymptoticTail(0.5, 0), 1);
}

TEST(KsDistributionTest, ThresholdsInvertTheTails) {
  for (const double en : {20.0, 500.0, 1e6}) {
    for (const double alpha : {0.05, 1e-4}) {
      EXPECT_NEAR(KsAsymptoticTail(KsThreshold(en, alpha), en), alpha, 1e-6);
      const double at = KsLevelThreshold(0.1, en, alpha);
      if (at < 1) {
        EXPECT_NEAR(KsLevelTail(at, 0.1, en), alpha, 1e-9);
      }
    }
  }
  EXPECT_EQ(KsLevelTail(0.05, 0.1, 1000), 1);
}

TEST(MeasureExactlyTest, IntegersBeyond64Bits) {
  const std::uint64_t large = std::uint64_t{1} << 40;
  const std::vector<std::uint64_t> reference = {large, large}, current = {large + 2, large};
  const ExactDistance distance = MeasureExactly(reference, current);
  const double expected = static_cast<double>(large + 2) / static_cast<double>(2 * large + 2) - 0.5;
  EXPECT_NEAR(distance.value, expected, 0x1p-52);
  EXPECT_FALSE(distance.steps);
}

TEST(MeasureExactlyTest, AnEmptySideIsNoDistance) {
  const std::vector<std::uint64_t> none = {0, 0}, some = {1, 2};
  EXPECT_EQ(MeasureExactly(none, some).value, 0);
  EXPECT_EQ(MeasureExactly(some, none).value, 0);
}

}  // namespace
}  // namespace drift
