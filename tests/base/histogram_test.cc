#include "server/base/histogram.h"

#include <gtest/gtest.h>

namespace driftserve {
namespace {

using Small = Log2Histogram<10, 3>;  // bounds 10, 20, 40, and above

size_t BucketOf(uint64_t value) {
  Small histogram;
  histogram.Observe(value);
  for (size_t i = 0; i < Small::kBucketCount; ++i) {
    if (histogram.Count(i) == 1) return i;
  }
  return Small::kBucketCount;
}

TEST(Log2Histogram, BoundsAreInclusive) {
  EXPECT_EQ(BucketOf(0), 0u);
  EXPECT_EQ(BucketOf(10), 0u);
  EXPECT_EQ(BucketOf(11), 1u);
  EXPECT_EQ(BucketOf(20), 1u);
  EXPECT_EQ(BucketOf(21), 2u);
  EXPECT_EQ(BucketOf(40), 2u);
  EXPECT_EQ(BucketOf(41), 3u);
  EXPECT_EQ(BucketOf(~uint64_t{0}), 3u);
}

TEST(Log2Histogram, BucketAgreesWithBoundForEveryBucketOfTheDurations) {
  for (size_t i = 0; i + 1 < DurationHistogram::kBucketCount; ++i) {
    DurationHistogram histogram;
    histogram.Observe(DurationHistogram::Bound(i));
    histogram.Observe(DurationHistogram::Bound(i) + 1);
    EXPECT_EQ(histogram.Count(i), 1u) << i;
    EXPECT_EQ(histogram.Count(i + 1), 1u) << i;
    EXPECT_EQ(histogram.Sum(), 2 * DurationHistogram::Bound(i) + 1);
  }
}

}  // namespace
}  // namespace driftserve
