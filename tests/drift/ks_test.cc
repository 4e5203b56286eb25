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
  const double large = 0x1p40;
  const std::vector<double> reference = {large, 2 * large}, current = {large + 2, 2 * large + 2};
  const ExactDistance distance = MeasureExactly(reference, current);
  const double expected = (large + 2) / (2 * large + 2) - 0.5;
  EXPECT_NEAR(distance.value, expected, 0x1p-52);
  EXPECT_FALSE(distance.steps);
}

TEST(MeasureExactlyTest, AnEmptySideIsNoDistance) {
  const std::vector<double> none = {0, 0}, some = {1, 3};
  EXPECT_EQ(MeasureExactly(none, some).value, 0);
  EXPECT_EQ(MeasureExactly(some, none).value, 0);
}

// Every number of cells, so that the largest difference lies in every lane and in what is left over.
TEST(MeasureExactlyTest, TheLargestDifferenceMayBeAtTheEndOfAnyCell) {
  for (std::size_t cells = 2; cells <= 40; ++cells) {
    for (std::size_t at = 0; at + 1 < cells; ++at) {
      for (const double sign : {1.0, -1.0}) {
        std::vector<double> reference(cells), current(cells);
        for (std::size_t b = 0; b < cells; ++b) {
          reference[b] = 10 * static_cast<double>(b + 1);
          current[b] = reference[b] + (b == at ? 3 * sign : 0);
        }
        const double rows = reference.back();
        const ExactDistance distance = MeasureExactly(reference, current);
        ASSERT_EQ(distance.value, 3 / rows) << cells << " cells, at " << at;
        ASSERT_EQ(distance.steps, 3u);
      }
    }
  }
}

}  // namespace
}  // namespace drift
